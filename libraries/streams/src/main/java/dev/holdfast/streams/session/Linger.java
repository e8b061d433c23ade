package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The time after the end of a client's session in which its application knows of the end and its
 * server does not. The client acknowledges the final status or repeats CANCEL until then.
 */
@PureCore
final class Linger {
  private boolean cancels;
  private @Nullable Long untilNanos;

  /** The server is to be told CANCEL. */
  void cancel() {
    cancels = true;
  }

  boolean isCancel() {
    return cancels;
  }

  /** The end that each attachment is told. */
  int flags() {
    return cancels ? Flag.CANCEL : 0;
  }

  void begin(long nowNanos, Duration longest) {
    untilNanos = nowNanos + longest.toNanos();
  }

  boolean isOver(long nowNanos) {
    return EarliestDeadline.isOver(nowNanos, untilNanos);
  }

  void addDeadlines(EarliestDeadline earliestDeadline) {
    earliestDeadline.at(untilNanos);
  }

  /** The reason for which attachments are closed at the end of the session. */
  AttachmentCloseReason attachmentCloseReason() {
    return untilNanos == null ? AttachmentCloseReason.UNNEEDED : AttachmentCloseReason.DONE;
  }
}
