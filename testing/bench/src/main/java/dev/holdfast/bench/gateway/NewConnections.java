package dev.holdfast.bench.gateway;

import dev.holdfast.lab.load.PacedWait;
import dev.holdfast.lab.load.Pacer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The clients that open new connections all the time. Each must be accepted and receive the
 * server's SETTINGS. A refusal is visible, because nothing retries as a channel would.
 */
final class NewConnections implements AutoCloseable {
  private static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0".getBytes(StandardCharsets.US_ASCII);
  private static final int FRAME_HEAD_BYTES = 9;
  private static final int TYPE_AT = 3;
  private static final int SETTINGS = 4;
  private static final int PATIENCE_MILLIS = 10_000;

  private final InetSocketAddress to;
  private final int perSecond;
  private final Thread thread = new Thread(this::run, "bench-new-connections");
  private final Map<String, Integer> failures = new TreeMap<>();
  private volatile boolean stopping;
  private final AtomicInteger made = new AtomicInteger();

  NewConnections(int port, int perSecond) {
    this.to = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    this.perSecond = perSecond;
    thread.setDaemon(true);
  }

  NewConnections start() {
    thread.start();
    return this;
  }

  /** Makes no more; all have ended when this returns. */
  void stop() throws InterruptedException {
    stopping = true;
    thread.join();
  }

  /** The number of connections that were tried. */
  int made() {
    return made.get();
  }

  /** Why some were not let in, and how many; after {@link #stop}. */
  Map<String, Integer> failures() {
    return failures;
  }

  @Override
  public void close() throws InterruptedException {
    stop();
  }

  private void run() {
    Pacer pacer = new Pacer(System.nanoTime(), perSecond);
    while (!stopping) {
      try {
        connect();
      } catch (IOException e) {
        failures.merge(String.valueOf(e.getMessage()), 1, Integer::sum);
      }
      made.incrementAndGet();
      pacer.advance();
      PacedWait.untilDue(pacer);
    }
  }

  private void connect() throws IOException {
    try (Socket socket = new Socket()) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket.connect(to, PATIENCE_MILLIS);
      socket.getOutputStream().write(PREFACE);
      InputStream in = socket.getInputStream();
      byte[] head = in.readNBytes(FRAME_HEAD_BYTES);
      if (head.length < FRAME_HEAD_BYTES || head[TYPE_AT] != SETTINGS) {
        throw new IOException("closed without SETTINGS");
      }
    }
  }
}
