package dev.holdfast.gateway;

import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameTypes;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * HTTP/2 server that limits resets as the h2 library (Rust) does: at most 20 of streams that its
 * application did not accept yet. It reads all that has arrived, acknowledges SETTINGS, accepts the
 * new streams and stalls for a moment. The first stream is answered when {@link #answer} is called.
 */
final class AcceptQueueServer implements AutoCloseable {
  private static final int MAX_PENDING_ACCEPT_RESETS = 20;
  private static final Duration STALL = Duration.ofMillis(100);
  private static final int ACK = 1;

  private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final AtomicInteger resets = new AtomicInteger();
  private final AtomicInteger accepted = new AtomicInteger();
  private final CountDownLatch answers = new CountDownLatch(1);
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Set<Integer> pending = new HashSet<>();
  private int pendingResets;
  private int unacknowledged;
  private boolean answered;

  AcceptQueueServer() throws IOException {
    new Thread(this::run, "accept-queue-server").start();
  }

  String address() {
    return "127.0.0.1:" + listener.getLocalPort();
  }

  /** The streams that were reset, accepted or not. */
  int resets() {
    return resets.get();
  }

  int accepted() {
    return accepted.get();
  }

  void answer() {
    answers.countDown();
  }

  private void run() {
    try (Socket socket = listener.accept()) {
      serve(new DataInputStream(socket.getInputStream()), socket.getOutputStream());
    } catch (SocketException | EOFException e) {
      // The gateway or the test closed it.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void serve(DataInputStream in, OutputStream out)
      throws IOException, InterruptedException {
    in.skipNBytes(RawServer.PREFACE_BYTES);
    out.write(RawServer.SETTINGS);
    do {
      while (in.available() > 0) {
        if (!read(in)) {
          int calm = (int) Http2Error.ENHANCE_YOUR_CALM.code();
          out.write(RawServer.frame(7, 0, 0, 0, 0, 0, 3, 0, 0, 0, calm));
          return;
        }
      }
      for (; unacknowledged > 0; unacknowledged--) {
        out.write(RawServer.frame(Http2FrameTypes.SETTINGS, ACK, 0));
      }
      accepted.addAndGet(pending.size());
      pending.clear();
      pendingResets = 0;
      if (!answered && answers.getCount() == 0) {
        answered = true;
        out.write(RawServer.head(RawServer.END_STREAM, "grpc-status", "0"));
      }
    } while (!closed.await(STALL.toMillis(), TimeUnit.MILLISECONDS));
  }

  /** Reads a frame; false if it is one reset too many. */
  private boolean read(DataInputStream in) throws IOException {
    int lengthAndType = in.readInt();
    int flags = in.readUnsignedByte();
    int stream = in.readInt();
    in.skipNBytes(lengthAndType >>> 8);
    switch ((byte) lengthAndType) {
      case Http2FrameTypes.HEADERS -> pending.add(stream);
      case Http2FrameTypes.SETTINGS -> unacknowledged += (flags & ACK) == 0 ? 1 : 0;
      case Http2FrameTypes.RST_STREAM -> {
        resets.incrementAndGet();
        pendingResets += pending.contains(stream) ? 1 : 0;
      }
      default -> {}
    }
    return pendingResets <= MAX_PENDING_ACCEPT_RESETS;
  }

  @Override
  public void close() throws IOException {
    closed.countDown();
    listener.close();
  }
}
