package dev.holdfast.bench.fuzz;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The fuzzing clients: many connections whose bytes derive from a seed and the connection's number.
 * The same seed sends the same bytes again.
 */
public final class FuzzClients {
  private static final List<FuzzKind> KINDS = List.of(FuzzKind.values());
  private static final int THREADS = 16;
  private static final int CONNECT_MILLIS = 10_000;
  private static final int MOST_SILENCE_MILLIS = 150;
  private static final int MOST_ANSWER_BYTES = 1_000_000;
  private static final long SPREAD = 0x9E3779B97F4A7C15L;

  private final long seed;
  private final Map<FuzzKind.FuzzPort, Integer> fuzzPorts;
  private final AtomicLong made = new AtomicLong();

  /**
   * Clients of three listeners of this machine.
   *
   * @param plain where HTTP is spoken
   * @param tls where TLS is
   * @param proxy where connections may begin with a header of the PROXY protocol
   */
  public FuzzClients(long seed, int plain, int tls, int proxy) {
    this.seed = seed;
    this.fuzzPorts =
        Map.of(
            FuzzKind.FuzzPort.PLAIN,
            plain,
            FuzzKind.FuzzPort.TLS,
            tls,
            FuzzKind.FuzzPort.PROXY,
            proxy);
  }

  /** The number of connections made so far. */
  public long made() {
    return made.get();
  }

  /** Makes the connections of some numbers, and waits until all are closed. */
  public void run(int from, int to, long limitSeconds) throws InterruptedException {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      for (int i = from; i < to; i++) {
        int number = i;
        threads.execute(() -> connect(number));
      }
      threads.shutdown();
      if (!threads.awaitTermination(limitSeconds, TimeUnit.SECONDS)) {
        throw new IllegalStateException("connections: not over in " + limitSeconds + " s");
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private void connect(int number) {
    Random random = new Random(seed + number * SPREAD);
    FuzzKind kind = KINDS.get(random.nextInt(KINDS.size()));
    byte[] bytes = kind.bytes(random, new Mutations(random));
    try (Socket socket = new Socket()) {
      InetSocketAddress address =
          new InetSocketAddress(
              InetAddress.getLoopbackAddress(), fuzzPorts.getOrDefault(kind.fuzzPort(), 0));
      socket.connect(address, CONNECT_MILLIS);
      made.incrementAndGet();
      socket.setSoTimeout(1 + random.nextInt(MOST_SILENCE_MILLIS));
      if (random.nextBoolean()) {
        // Reset, not closed, at the end.
        socket.setSoLinger(true, 0);
      }
      OutputStream out = socket.getOutputStream();
      for (int at = 0; at < bytes.length; ) {
        int length = Math.min(bytes.length - at, 1 + random.nextInt(bytes.length));
        out.write(bytes, at, length);
        at += length;
      }
      if (random.nextInt(3) == 0) {
        socket.shutdownOutput();
      }
      read(socket.getInputStream());
    } catch (SocketTimeoutException e) {
      // It has nothing more to say.
      return;
    } catch (IOException e) {
      // The gateway ended it, as it may.
      return;
    }
  }

  private static void read(InputStream in) throws IOException {
    byte[] buffer = new byte[8_192];
    int sum = 0;
    int length = in.read(buffer);
    while (length >= 0 && sum < MOST_ANSWER_BYTES) {
      sum += length;
      length = in.read(buffer);
    }
  }
}
