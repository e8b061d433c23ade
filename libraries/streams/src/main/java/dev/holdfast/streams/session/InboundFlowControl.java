package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The backpressure of a session's receiving side: when its transport is asked for one more message.
 *
 * <p>Credit can't be taken back, and a peer may fill old credit with large messages. So nothing is
 * read while too much waits for the application; unread bytes stay in HTTP/2's flow-control window.
 * Meanwhile the peer's acks can't be read either. When acks are awaited for long, the attachment is
 * replaced, because a handshake acknowledges too.
 */
@PureCore
final class InboundFlowControl {
  @Limit(
      of = "time that acks wait behind messages which the application does not take",
      then = "the session moves to another attachment, whose handshake acknowledges")
  static final Duration FIRST_PATIENCE = Duration.ofSeconds(1);

  static final Duration LONGEST_PATIENCE = Duration.ofSeconds(30);

  /**
   * Frames that are so near to each other wait in the transport, and asking for them one by one is
   * what their rate depends on: each changes threads twice.
   */
  private static final Duration RAPID = Duration.ofNanos(100_000);

  private final ReceiveBuffer receiveBuffer;
  private final SendBuffer sendBuffer;
  private final boolean asksAhead;

  /** Whether a second message was asked for; what it may bring counts in the budget. */
  private boolean ahead;

  private long pausedNanos;
  private Duration patience = FIRST_PATIENCE;

  /**
   * @param asksAhead whether two messages may be asked for at a time; a transport that is asked on
   *     its own thread gains nothing by it
   */
  InboundFlowControl(ReceiveBuffer receiveBuffer, SendBuffer sendBuffer, boolean asksAhead) {
    this.receiveBuffer = receiveBuffer;
    this.sendBuffer = sendBuffer;
    this.asksAhead = asksAhead;
  }

  /** A frame came of the attachment that carries the session; before it is looked at. */
  void onFrame(long nowNanos, StreamAttachment from) {
    from.inbound.requestedMessages = Math.max(0, from.inbound.requestedMessages - 1);
    from.inbound.rapid = nowNanos - from.inbound.heardNanos < RAPID.toNanos();
    if (!from.inbound.rapid) {
      release();
    }
  }

  /** Gives back the room of a second message, which has come or will not be asked for. */
  void release() {
    if (ahead) {
      ahead = false;
      receiveBuffer.giveAheadBack();
    }
  }

  /** Whether to ask for one more message now; if so it counts as asked for. */
  boolean isDue(long nowNanos, StreamAttachment from) {
    if (!from.handshakeComplete || from.plain) {
      return false;
    }
    if (from.inbound.requestedMessages > 0) {
      return isAheadDue(from);
    }
    // What was received before is dropped, and what stands in its header is read.
    boolean repeated = from.inbound.lastSeq < receiveBuffer.received();
    if (!receiveBuffer.wantsMore() && !repeated) {
      release();
      if (!from.inbound.readPaused) {
        from.inbound.readPaused = true;
        pausedNanos = nowNanos;
      }
      return false;
    }
    if (from.inbound.readPaused) {
      from.inbound.readPaused = false;
      // Nothing could be heard meanwhile, which says nothing of the path.
      from.inbound.heardNanos = nowNanos;
      patience = FIRST_PATIENCE;
    }
    from.inbound.requestedMessages = 1;
    return true;
  }

  private boolean isAheadDue(StreamAttachment from) {
    if (from.inbound.requestedMessages > 1 || !asksAhead || !from.inbound.rapid) {
      return false;
    }
    if (!receiveBuffer.mayAskAhead()) {
      release();
      return false;
    }
    // While messages follow each other the room of the second one stays taken.
    if (!ahead && !receiveBuffer.takeAhead()) {
      return false;
    }
    from.inbound.requestedMessages = 2;
    ahead = true;
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

  void addDeadlines(EarliestDeadline earliestDeadline, StreamAttachment on) {
    if (mayBeHeldUp(on)) {
      earliestDeadline.after(pausedNanos, patience);
    }
  }

  private boolean mayBeHeldUp(StreamAttachment on) {
    return on.inbound.readPaused && sendBuffer.acked() < sendBuffer.sent();
  }
}
