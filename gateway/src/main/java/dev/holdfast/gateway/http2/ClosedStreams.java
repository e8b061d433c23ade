package dev.holdfast.gateway.http2;

import dev.holdfast.core.Limit;
import org.jspecify.annotations.Nullable;

/**
 * Memory of a server's closed streams (RFC 9113, 5.1): which of them may still get frames from
 * their client. Frames are late, and no fault, on a stream that this side ended while the client's
 * half was open. The client itself must send nothing behind its END_STREAM or RST_STREAM, and
 * nothing on a stream that it has passed over.
 *
 * <p>Only what makes frames late is remembered, and where it was forgotten all frames are late.
 */
final class ClosedStreams {
  @Limit(
      of = "streams of one connection whose end is remembered to judge late frames by",
      then = "frames for older streams are dropped without a judgement")
  static final int REMEMBERED = 64;

  /** What a frame for a closed stream means. */
  enum Frame {
    /** It was under way when the stream ended here. */
    LATE,
    /** It follows the client's own RST_STREAM. */
    AFTER_RESET,
    /** It follows the client's END_STREAM. */
    AFTER_END,
    /** The client began a stream with a greater number before. */
    PASSED_OVER
  }

  /** The number of each stream, below zero where its client reset it. */
  private int @Nullable [] ids;

  private int next;
  private int forgottenTo;
  private int passedFrom;
  private int passedTo;

  /** A stream ended here while the client's half was open. */
  void onEndedHere(int id) {
    add(id);
  }

  /** The client reset a stream. */
  void onResetByClient(int id) {
    add(-id);
  }

  /** The client began a stream, and left out those from one number to another. */
  void onPassedOver(int from, int to) {
    passedFrom = from;
    passedTo = to;
  }

  /** What a frame means that carries DATA or headers for a closed stream. */
  Frame judge(int id) {
    if (id >= passedFrom && id <= passedTo) {
      return Frame.PASSED_OVER;
    }
    if (id <= forgottenTo) {
      return Frame.LATE;
    }
    int[] known = ids;
    if (known != null) {
      for (int each : known) {
        if (each == id) {
          return Frame.LATE;
        }
        if (each == -id) {
          return Frame.AFTER_RESET;
        }
      }
    }
    return Frame.AFTER_END;
  }

  private void add(int entry) {
    int[] known = ids;
    if (known == null) {
      known = new int[REMEMBERED];
      ids = known;
    }
    forgottenTo = Math.max(forgottenTo, Math.abs(known[next]));
    known[next] = entry;
    next = (next + 1) % REMEMBERED;
  }
}
