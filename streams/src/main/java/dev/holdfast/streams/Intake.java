package dev.holdfast.streams;

import dev.holdfast.core.Limit;
import dev.holdfast.core.PureCore;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Backpressure of a session's receiving side: when its transport is asked for one more message.
 *
 * <p>Credit can't be taken back, and a peer may fill old credit with large messages. So the hard
 * bound is that nothing is read while too much waits for the application; what is not read stays in
 * HTTP/2's flow-control window. Meanwhile acks of the peer can't be read either: when some are
 * awaited for long, the attachment is replaced, because a handshake acknowledges too.
 */
@PureCore
final class Intake {
  @Limit(
      of = "time that acks wait behind messages which the application does not take",
      then = "the session moves to another attachment, whose handshake acknowledges")
  static final Duration FIRST_PATIENCE = Duration.ofSeconds(1);

  private static final Duration LONGEST_PATIENCE = Duration.ofSeconds(30);

  private final Inbox inbox;
  private final Outbox outbox;
  private long pausedNanos;
  private Duration patience = FIRST_PATIENCE;

  Intake(Inbox inbox, Outbox outbox) {
    this.inbox = inbox;
    this.outbox = outbox;
  }

  /** Whether to ask for one more message now; if so it counts as asked for. */
  boolean isDue(long nowNanos, StreamAttachment from) {
    if (from.asked || !from.proved || from.plain) {
      return false;
    }
    // What was received before is dropped, and what stands in its header is read.
    boolean repeated = from.lastSeq < inbox.received();
    if (!inbox.wantsMore() && !repeated) {
      if (!from.paused) {
        from.paused = true;
        pausedNanos = nowNanos;
      }
      return false;
    }
    if (from.paused) {
      from.paused = false;
      // Nothing could be heard meanwhile, which says nothing of the path.
      from.heardNanos = nowNanos;
      patience = FIRST_PATIENCE;
    }
    from.asked = true;
    return true;
  }

  /** Whether acks have been held up for so long that another attachment should bring them. */
  boolean isHeldUp(long nowNanos, @Nullable StreamAttachment on) {
    if (on == null || !mayBeHeldUp(on) || nowNanos - pausedNanos < patience.toNanos()) {
      return false;
    }
    pausedNanos = nowNanos;
    Duration twice = patience.multipliedBy(2);
    patience = twice.compareTo(LONGEST_PATIENCE) < 0 ? twice : LONGEST_PATIENCE;
    return true;
  }

  void addDeadlines(Due due, StreamAttachment on) {
    if (mayBeHeldUp(on)) {
      due.after(pausedNanos, patience);
    }
  }

  private boolean mayBeHeldUp(StreamAttachment on) {
    return on.paused && outbox.acked() < outbox.sent();
  }
}
