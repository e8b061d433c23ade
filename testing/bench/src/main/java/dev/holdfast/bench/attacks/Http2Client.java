package dev.holdfast.bench.attacks;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * An HTTP/2 connection of an attacker. Bytes are written unchanged. Of the peer's frames, only
 * those are interpreted that tell when more may be sent.
 */
final class Http2Client implements AutoCloseable {
  private static final int DEFAULT_WINDOW = 65_535;
  private static final int BUFFER_BYTES = 65_536;

  private final Socket socket;
  private final OutputStream out;
  private final LongAdder sent;

  /** Bytes of DATA by stream, of those that are open. */
  private final Map<Integer, Long> used = new HashMap<>();

  private long connectionWindow = DEFAULT_WINDOW;
  private long initialWindow = DEFAULT_WINDOW;
  private boolean settled;
  private boolean over;
  private int ended;
  private int nextStream = 1;

  /**
   * Connects and says the preface.
   *
   * @param port of loopback
   * @param window what the peer may send on each stream
   * @param sent counts frames
   */
  Http2Client(int port, int window, LongAdder sent) throws IOException {
    this.sent = sent;
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    out = socket.getOutputStream();
    byte[] settings =
        Http2Frames.joined(
            new byte[] {0, Http2Frames.INITIAL_WINDOW_SIZE}, Http2Frames.number(window));
    out.write(
        Http2Frames.joined(
            Http2Frames.preface(),
            Http2Frames.frame(Http2Frames.SETTINGS, 0, 0, settings),
            Http2Frames.windowUpdate(0, Integer.MAX_VALUE - DEFAULT_WINDOW)));
    Thread reader = new Thread(this::read, "attack-reader");
    reader.setDaemon(true);
    reader.start();
  }

  /** A stream that was not used yet. */
  synchronized int stream() {
    int stream = nextStream;
    nextStream += 2;
    used.put(stream, 0L);
    return stream;
  }

  /** The client reset it, and hears no more of it. */
  synchronized void forget(int stream) {
    used.remove(stream);
  }

  void write(byte[] bytes, int length, int frames) throws IOException {
    out.write(bytes, 0, length);
    sent.add(frames);
  }

  /** Waits until the peer said its settings. */
  synchronized void awaitSettings() throws IOException, InterruptedException {
    while (!settled) {
      pause();
    }
  }

  /**
   * Waits until so many bytes of DATA may be sent on a stream, and counts them.
   *
   * @return false when the peer ended the stream
   */
  synchronized boolean awaitWindow(int stream, int bytes) throws IOException, InterruptedException {
    Long before = used.get(stream);
    while (before != null && (connectionWindow < bytes || initialWindow - before < bytes)) {
      pause();
      before = used.get(stream);
    }
    if (before == null) {
      return false;
    }
    connectionWindow -= bytes;
    used.put(stream, before + bytes);
    return true;
  }

  /** Waits until the peer ended so many streams. */
  synchronized void awaitEnded(int streams) throws IOException, InterruptedException {
    while (ended < streams) {
      pause();
    }
  }

  /** Waits for the end of the connection. */
  synchronized void awaitEnd() throws IOException, InterruptedException {
    while (true) {
      pause();
    }
  }

  private void pause() throws IOException, InterruptedException {
    if (over) {
      throw new IOException("closed");
    }
    TimeUnit.SECONDS.timedWait(this, 1);
  }

  private void read() {
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(socket.getInputStream(), BUFFER_BYTES))) {
      while (true) {
        int first = in.readInt();
        int flags = in.readUnsignedByte();
        int stream = in.readInt() & Integer.MAX_VALUE;
        take(first & 0xff, flags, stream, in.readNBytes(first >>> 8));
      }
    } catch (IOException e) {
      synchronized (this) {
        over = true;
        notifyAll();
      }
    }
  }

  private synchronized void take(int type, int flags, int stream, byte[] payload)
      throws IOException {
    switch (type) {
      case Http2Frames.SETTINGS -> {
        if ((flags & Http2Frames.ACK) == 0) {
          settings(payload);
          settled = true;
          out.write(Http2Frames.frame(Http2Frames.SETTINGS, Http2Frames.ACK, 0, new byte[0]));
        }
      }
      case Http2Frames.WINDOW_UPDATE -> {
        long more = ByteBuffer.wrap(payload).getInt();
        if (stream == 0) {
          connectionWindow += more;
        } else {
          used.computeIfPresent(stream, (id, bytes) -> bytes - more);
        }
      }
      case Http2Frames.PING -> {
        if ((flags & Http2Frames.ACK) == 0) {
          out.write(Http2Frames.frame(Http2Frames.PING, Http2Frames.ACK, 0, payload));
        }
      }
      case Http2Frames.RST_STREAM -> onEnd(stream);
      case Http2Frames.HEADERS, Http2Frames.DATA -> {
        if ((flags & Http2Frames.END_STREAM) != 0) {
          onEnd(stream);
        }
      }
      default -> {
        // Nothing that an attacker cares for.
      }
    }
    notifyAll();
  }

  private void settings(byte[] payload) {
    ByteBuffer all = ByteBuffer.wrap(payload);
    while (all.remaining() >= Short.BYTES + Integer.BYTES) {
      int id = all.getShort();
      int value = all.getInt();
      if (id == Http2Frames.INITIAL_WINDOW_SIZE) {
        initialWindow = value;
      }
    }
  }

  private void onEnd(int stream) {
    if (used.remove(stream) != null) {
      ended++;
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
