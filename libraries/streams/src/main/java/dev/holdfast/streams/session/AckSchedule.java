package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.SessionOptions;
import org.jspecify.annotations.Nullable;

/**
 * The schedule of a receiver's acks. An ack is due after a number of messages or a delay, by the
 * {@link AckPolicy}, after a number of bytes, and when the peer has asked for one or missed one.
 */
@PureCore
final class AckSchedule {
  private final SessionOptions options;
  private final ReceiveBuffer receiveBuffer;

  /** The policy that a welcome asked for; null for that of the options. */
  private @Nullable AckPolicy asked;

  private @Nullable Long dueNanos;

  /** The bytes of processed messages that acks have covered. */
  private long ackedBytes;

  /** Whether a message went out since an ack had to go by itself: the next may carry one. */
  private boolean answers;

  AckSchedule(SessionOptions options, ReceiveBuffer receiveBuffer) {
    this.options = options;
    this.receiveBuffer = receiveBuffer;
  }

  AckPolicy policy() {
    return asked == null ? AckPolicy.of(options) : asked;
  }

  private int every() {
    return asked == null ? options.ackEvery() : asked.every();
  }

  private long delayNanos() {
    return (asked == null ? options.timing().ackDelay() : asked.delay()).toNanos();
  }

  /** Applies a policy from the next ack on; an ack that is due stays due until {@link #restart}. */
  void follow(AckPolicy newPolicy) {
    asked = newPolicy;
  }

  /** There may be something new to acknowledge, within the delay. */
  void onProcessed(long nowNanos, @Nullable StreamAttachment to) {
    if (dueNanos == null
        && to != null
        && to.handshakeComplete
        && receiveBuffer.ack() > to.outbound.sentAck) {
      dueNanos = nowNanos + delayNanos();
    }
  }

  /** Another attachment: its handshake has said all there was. */
  void restart() {
    dueNanos = null;
    ackedBytes = receiveBuffer.processedBytes();
  }

  /** A message was written, or a frame without one. */
  void onFrame(boolean message) {
    answers = message;
  }

  /** The peer has been told of all that was processed. */
  void onAllTold(StreamAttachment to) {
    to.outbound.ackRepeatDue = false;
    restart();
  }

  void addDeadlines(EarliestDeadline earliestDeadline) {
    earliestDeadline.at(dueNanos);
  }

  boolean isDue(long nowNanos, StreamAttachment to) {
    long unsaid = receiveBuffer.ack() - to.outbound.sentAck;
    boolean late = dueNanos != null && nowNanos - dueNanos >= 0;
    boolean asked =
        to.probes.ackRequestedSeq > 0 && receiveBuffer.ack() >= to.probes.ackRequestedSeq;
    return to.outbound.ackRepeatDue || isEnoughUnsaid(to) || (unsaid > 0 && (late || asked));
  }

  /** As {@link #isDue}, where each ack costs an attachment. */
  boolean isDueSparingly(long nowNanos, StreamAttachment to) {
    return isEnoughUnsaid(to) && EarliestDeadline.isOver(nowNanos, quietUntilNanos(to));
  }

  /**
   * A peer whose buffer is full waits for an ack by number or bytes, and sends nothing; while it
   * sends, credit is soon enough.
   */
  void addSparingDeadlines(EarliestDeadline earliestDeadline, StreamAttachment to) {
    if (isEnoughUnsaid(to)) {
      earliestDeadline.at(quietUntilNanos(to));
    }
  }

  private long quietUntilNanos(StreamAttachment to) {
    return to.inbound.heardNanos + delayNanos();
  }

  /** Whether an ack is due by number or by bytes. */
  private boolean isEnoughUnsaid(StreamAttachment to) {
    long unsaid = receiveBuffer.ack() - to.outbound.sentAck;
    // The peer keeps bytes until they are acknowledged: a few large messages fill its buffer.
    // Where each message is answered the next answer carries the ack, and a frame is saved.
    long mostBytes = answers ? options.answeredAckBytes() : options.ackBytes();
    boolean large = receiveBuffer.processedBytes() - ackedBytes >= mostBytes;
    return unsaid >= every() || (unsaid > 0 && large);
  }

  /** Whether a peer with the same schedule would acknowledge so much by itself, without delay. */
  boolean isEnough(SendBuffer sent) {
    return sent.held() >= every() || sent.heldBytes() >= options.answeredAckBytes();
  }
}
