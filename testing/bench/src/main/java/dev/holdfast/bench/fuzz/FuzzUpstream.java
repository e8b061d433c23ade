package dev.holdfast.bench.fuzz;

import static dev.holdfast.bench.fuzz.FuzzFrames.DATA;
import static dev.holdfast.bench.fuzz.FuzzFrames.END_HEADERS;
import static dev.holdfast.bench.fuzz.FuzzFrames.END_STREAM;
import static dev.holdfast.bench.fuzz.FuzzFrames.HEADERS;
import static dev.holdfast.bench.fuzz.FuzzFrames.SETTINGS;
import static dev.holdfast.bench.fuzz.FuzzFrames.block;
import static dev.holdfast.bench.fuzz.FuzzFrames.frame;
import static dev.holdfast.bench.fuzz.FuzzFrames.join;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Random;

/**
 * A server that completes the HTTP/2 handshake with a gateway, reads its frames, and answers
 * nonsense.
 */
public final class FuzzUpstream implements AutoCloseable {
  private static final int BACKLOG = 128;
  private static final int READ_MILLIS = 3_000;

  private final ServerSocket server;
  private final long seed;

  /** Listens at a free port of loopback. */
  public FuzzUpstream(long seed) throws IOException {
    this.seed = seed;
    this.server = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
    start(this::accept, "fuzz-upstream");
  }

  public int port() {
    return server.getLocalPort();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }

  private static void start(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    for (long number = 0; !server.isClosed(); number++) {
      try {
        Socket socket = server.accept();
        Random random = new Random(seed + number);
        start(() -> serve(socket, random), "fuzz-upstream-connection");
      } catch (IOException e) {
        return;
      }
    }
  }

  private static void serve(Socket accepted, Random random) {
    Mutations mutations = new Mutations(random);
    try (Socket socket = accepted) {
      socket.setSoTimeout(READ_MILLIS);
      OutputStream out = socket.getOutputStream();
      out.write(frame(SETTINGS, 0, 0, new byte[0]));
      byte[] buffer = new byte[8_192];
      for (int stream = 3; socket.getInputStream().read(buffer) >= 0; stream += 2) {
        out.write(random.nextInt(3) == 0 ? noise(random, mutations) : answer(stream, mutations));
        if (random.nextInt(10) == 0) {
          return;
        }
      }
    } catch (IOException e) {
      // The gateway ended it, or has nothing more to say.
      return;
    }
  }

  private static byte[] noise(Random random, Mutations mutations) {
    return frame(random.nextInt(12), random.nextInt(64), random.nextInt(9), mutations.bytes(200));
  }

  private static byte[] answer(int stream, Mutations mutations) {
    return mutations.of(
        join(
            frame(
                HEADERS,
                END_HEADERS,
                stream,
                block(":status", "200", "content-type", "application/grpc")),
            frame(DATA, 0, stream, new byte[] {0, 0, 0, 0, 2, 10, 0}),
            frame(HEADERS, END_HEADERS | END_STREAM, stream, block("grpc-status", "0"))));
  }
}
