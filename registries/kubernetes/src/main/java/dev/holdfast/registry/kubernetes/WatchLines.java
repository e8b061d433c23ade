package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The splitter of a watch's bytes into events, one a line, independent of chunk boundaries. */
final class WatchLines {
  @Limit(of = "one event of a watch", then = "the watch fails and a list takes its place")
  static final int MAX_EVENT_BYTES = 8 << 20;

  private static final int FIRST_BYTES = 8 << 10;

  private byte[] buffer = new byte[FIRST_BYTES];
  private int filled;

  /** The words that are complete with these bytes. */
  List<SliceEvent> add(ByteBuffer bytes) throws IOException {
    List<SliceEvent> events = new ArrayList<>();
    int searched = filled;
    append(bytes);
    int start = 0;
    for (int i = searched; i < filled; i++) {
      if (buffer[i] == '\n') {
        if (i > start) {
          events.add(ApiJson.event(buffer, start, i - start));
        }
        start = i + 1;
      }
    }
    System.arraycopy(buffer, start, buffer, 0, filled - start);
    filled -= start;
    return events;
  }

  /** Whether a word was begun and not ended. */
  boolean hasPartialLine() {
    return filled > 0;
  }

  private void append(ByteBuffer bytes) throws IOException {
    int needed = filled + bytes.remaining();
    if (needed > MAX_EVENT_BYTES) {
      throw new IOException("a watch event of more than " + MAX_EVENT_BYTES + " bytes");
    }
    if (needed > buffer.length) {
      buffer =
          Arrays.copyOf(buffer, Math.min(MAX_EVENT_BYTES, Math.max(needed, buffer.length * 2)));
    }
    bytes.get(buffer, filled, needed - filled);
    filled = needed;
  }
}
