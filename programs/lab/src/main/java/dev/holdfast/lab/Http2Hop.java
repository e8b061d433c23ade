package dev.holdfast.lab;

import dev.holdfast.core.annotation.Limit;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The HTTP/2 layer of a middlebox: tracks the open streams and the idle time of each, and injects
 * frames of its own. Runs on the event loop.
 */
final class Http2Hop {
  @Limit(
      of = "open streams of one connection that are watched",
      then = "further ones are let through and never ended")
  private static final int MAX_STREAMS = 100_000;

  private static final int INTERNAL_ERROR = 2;
  private static final int END_OF_CLIENT = 1;
  private static final int END_OF_SERVER = 2;

  /** The connection of a hop, which forwards its bytes. */
  interface HopConnection {
    void pass(RelayDirection direction, ByteBuf bytes);

    /** HEADERS or DATA of any stream. */
    void onHttpTraffic();

    boolean answersPings();

    void onPingAnswered();

    /** Time since the connection was opened. */
    long elapsedNanos();
  }

  private static final class OpenStream {
    long lastNanos;
    int ended;
  }

  private final HopConnection hopConnection;
  private final Map<RelayDirection, FrameScanner> scanners = new EnumMap<>(RelayDirection.class);
  // The connection that was silent for longest comes first: one that sends moves to the end.
  private final Map<Integer, OpenStream> streams = new LinkedHashMap<>();
  private int lastStreamId;

  Http2Hop(HopConnection hopConnection) {
    this.hopConnection = hopConnection;
    for (RelayDirection direction : RelayDirection.values()) {
      scanners.put(
          direction,
          new FrameScanner(
              direction == RelayDirection.TO_SERVER,
              listener(direction),
              bytes -> hopConnection.pass(direction, bytes)));
    }
  }

  void feed(RelayDirection direction, ByteBuf bytes) {
    scanner(direction).feed(bytes);
    if (scanner(RelayDirection.TO_SERVER).isOpaque()) {
      scanner(RelayDirection.TO_CLIENT).passThrough();
    }
  }

  /** Whether both ends have spoken HTTP/2. */
  boolean isHttp2() {
    return scanners.values().stream().allMatch(FrameScanner::isHttp2);
  }

  boolean isOpaque() {
    return scanners.values().stream().anyMatch(FrameScanner::isOpaque);
  }

  void discard() {
    scanners.values().forEach(FrameScanner::passThrough);
    streams.clear();
  }

  /** Sends the client a GOAWAY with the number of its last stream. */
  void goAway(int errorCode, String debug) {
    byte[] text = debug.getBytes(StandardCharsets.US_ASCII);
    ByteBuf frame = frame(FrameScanner.GOAWAY, 0, 0, 8 + text.length);
    frame.writeInt(lastStreamId).writeInt(errorCode).writeBytes(text);
    scanner(RelayDirection.TO_CLIENT).inject(frame);
  }

  /** When the quietest stream spoke last; -1 when none is open. */
  long longestIdleSinceNanos() {
    Iterator<OpenStream> all = streams.values().iterator();
    return all.hasNext() ? all.next().lastNanos : -1;
  }

  /** Forgets the streams that were quiet since a time, and returns their numbers. */
  List<Integer> takeIdleSince(long nanos) {
    List<Integer> quiet = new ArrayList<>();
    Iterator<Map.Entry<Integer, OpenStream>> all = streams.entrySet().iterator();
    while (all.hasNext()) {
      Map.Entry<Integer, OpenStream> next = all.next();
      if (next.getValue().lastNanos > nanos) {
        break;
      }
      quiet.add(next.getKey());
      all.remove();
    }
    return quiet;
  }

  /** Ends a stream on both sides. */
  void reset(int streamId) {
    for (RelayDirection direction : RelayDirection.values()) {
      ByteBuf frame = frame(FrameScanner.RST_STREAM, 0, streamId, 4);
      scanner(direction).inject(frame.writeInt(INTERNAL_ERROR));
    }
  }

  private FrameScanner.FrameScanListener listener(RelayDirection direction) {
    return new FrameScanner.FrameScanListener() {
      @Override
      public void onFrame(int type, int flags, int streamId) {
        Http2Hop.this.onFrame(direction, type, flags, streamId);
      }

      @Override
      public boolean onPing(boolean ack, byte[] content) {
        if (ack || !hopConnection.answersPings()) {
          return false;
        }
        ByteBuf answer = frame(FrameScanner.PING, FrameScanner.FLAG_ACK, 0, content.length);
        scanner(direction.opposite()).inject(answer.writeBytes(content));
        hopConnection.onPingAnswered();
        return true;
      }
    };
  }

  private void onFrame(RelayDirection direction, int type, int flags, int streamId) {
    if (type == FrameScanner.RST_STREAM) {
      streams.remove(streamId);
      return;
    }
    if (type != FrameScanner.DATA && type != FrameScanner.HEADERS) {
      return;
    }
    hopConnection.onHttpTraffic();
    boolean fromClient = direction == RelayDirection.TO_SERVER;
    OpenStream stream = streams.remove(streamId);
    if (stream == null) {
      if (!fromClient || type != FrameScanner.HEADERS || streamId <= lastStreamId) {
        return; // the rest of a stream that has ended
      }
      lastStreamId = streamId;
      stream = new OpenStream();
    }
    stream.lastNanos = hopConnection.elapsedNanos();
    if ((flags & FrameScanner.FLAG_END_STREAM) != 0) {
      stream.ended |= fromClient ? END_OF_CLIENT : END_OF_SERVER;
    }
    if (stream.ended != (END_OF_CLIENT | END_OF_SERVER) && streams.size() < MAX_STREAMS) {
      streams.put(streamId, stream);
    }
  }

  private FrameScanner scanner(RelayDirection direction) {
    return Objects.requireNonNull(scanners.get(direction));
  }

  private static ByteBuf frame(int type, int flags, int streamId, int length) {
    return Unpooled.buffer(FrameScanner.HEADER_BYTES + length)
        .writeMedium(length)
        .writeByte(type)
        .writeByte(flags)
        .writeInt(streamId);
  }
}
