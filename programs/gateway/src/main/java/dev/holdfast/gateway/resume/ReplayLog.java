package dev.holdfast.gateway.resume;

import dev.holdfast.core.annotation.PureCore;
import java.util.ArrayDeque;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * The kept messages of one stream, by their position: the first message of the stream is 1, and
 * positions never repeat. Messages leave at the front only, so that what is kept has no gap.
 */
@PureCore
final class ReplayLog {
  /** The bytes that a message costs beside its own. */
  static final int MESSAGE_OVERHEAD = 64;

  private final ArrayDeque<byte[]> kept = new ArrayDeque<>();
  private @Nullable Iterator<byte[]> cursor;
  private long nextOfCursor;
  private long last;
  private long bytes;

  /** The position of the first kept message; one more than {@link #last} when none is kept. */
  long first() {
    return last - kept.size() + 1;
  }

  /** The position of the last message that was added; 0 before the first. */
  long last() {
    return last;
  }

  /** The bytes of what is kept, with the overhead of each message. */
  long bytes() {
    return bytes;
  }

  /** Adds the next message, which becomes the log's. */
  void add(byte[] message) {
    kept.add(message);
    cursor = null;
    last++;
    bytes += cost(message);
  }

  /** Removes the first message. */
  void removeFirst() {
    bytes -= cost(kept.remove());
    cursor = null;
  }

  /** Removes all messages up to a position. */
  void removeUpTo(long position) {
    while (!kept.isEmpty() && first() <= position) {
      removeFirst();
    }
  }

  /** The kept message at a position. Reading positions in ascending order is cheap. */
  byte[] at(long position) {
    if (position < first() || position > last) {
      throw new IllegalArgumentException(
          "position: " + position + " (expected: " + first() + " to " + last + ")");
    }
    if (position == last) {
      return kept.getLast();
    }
    Iterator<byte[]> from = cursor;
    if (from == null || nextOfCursor > position) {
      from = kept.iterator();
      cursor = from;
      nextOfCursor = first();
    }
    byte[] message = from.next();
    for (nextOfCursor++; nextOfCursor <= position; nextOfCursor++) {
      message = from.next();
    }
    return message;
  }

  private static long cost(byte[] message) {
    return (long) message.length + MESSAGE_OVERHEAD;
  }
}
