package dev.holdfast.gateway.http2.codec;

import dev.holdfast.core.annotation.Limit;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a server's closed streams (RFC 9113, 5.1), which tells late frames from protocol
 * errors. On a stream that this side ended while the client's half was open, frames are late and no
 * fault. The client must send nothing after its END_STREAM or RST_STREAM, and nothing on a stream
 * number that it has skipped.
 *
 * <p>Only the streams whose frames would be late are remembered. Frames of forgotten streams count
 * as late.
 */
final class ClosedStreams {
  @Limit(
      of = "streams of one connection whose end is remembered to judge late frames by",
      then = "frames for older streams are dropped without a judgement")
  static final int REMEMBERED = 64;

  /** The meaning of a frame on a closed stream. */
  enum ClosedStreamFrame {
    /** The frame was sent before the client knew that the stream had ended. */
    LATE,
    /** The frame follows the client's own RST_STREAM. */
    AFTER_RESET,
    /** The frame follows the client's END_STREAM. */
    AFTER_END,
    /** The client skipped this stream number for a higher one. */
    IMPLICITLY_CLOSED
  }

  /** The numbers of the remembered streams; negative for those that the client reset. */
  private int @Nullable [] ids;

  private int next;
  private int forgottenTo;
  private int passedFrom;
  private int passedTo;

  /** Records the end of a stream by this side while the client's half was open. */
  void onEndedHere(int id) {
    add(id);
  }

  /** Records a stream that the client reset. */
  void onResetByClient(int id) {
    add(-id);
  }

  /** Records the stream numbers that the client skipped, both ends included. */
  void onImplicitlyClosed(int from, int to) {
    passedFrom = from;
    passedTo = to;
  }

  /** Classifies a DATA or HEADERS frame on a closed stream. */
  ClosedStreamFrame judge(int id) {
    if (id >= passedFrom && id <= passedTo) {
      return ClosedStreamFrame.IMPLICITLY_CLOSED;
    }
    if (id <= forgottenTo) {
      return ClosedStreamFrame.LATE;
    }
    int[] known = ids;
    if (known != null) {
      for (int each : known) {
        if (each == id) {
          return ClosedStreamFrame.LATE;
        }
        if (each == -id) {
          return ClosedStreamFrame.AFTER_RESET;
        }
      }
    }
    return ClosedStreamFrame.AFTER_END;
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
