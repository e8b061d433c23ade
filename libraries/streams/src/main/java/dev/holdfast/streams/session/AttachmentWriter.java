package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SequencedMessage;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The encoder of a session's output on an attachment. New acks and credit go into the header of the
 * next message, or into a frame without a message when they can't wait.
 */
@PureCore
final class AttachmentWriter {
  private static final int OF_A_POSITION = Flag.FINAL | Flag.HALF_CLOSE | Flag.MOVED;
  private static final Duration PAUSED_HEARTBEAT = Duration.ofSeconds(1);

  private final SessionOptions options;
  private final SendBuffer sendBuffer;
  private final ReceiveBuffer receiveBuffer;
  private final PoisonMessageDetector stuck;
  private final AckSchedule acks;

  AttachmentWriter(
      SessionOptions options,
      SendBuffer sendBuffer,
      ReceiveBuffer receiveBuffer,
      PoisonMessageDetector stuck,
      AckSchedule acks) {
    this.options = options;
    this.sendBuffer = sendBuffer;
    this.receiveBuffer = receiveBuffer;
    this.stuck = stuck;
    this.acks = acks;
  }

  /** When a frame without a message is due. */
  void addDeadlines(EarliestDeadline earliestDeadline, StreamAttachment to) {
    // An attachment that can't be written to would be due for ever.
    if (to.handshakeComplete && to.outbound.writable && to.outbound.sparing) {
      acks.addSparingDeadlines(earliestDeadline, to);
    } else if (to.handshakeComplete && to.outbound.writable) {
      acks.addDeadlines(earliestDeadline);
      earliestDeadline.after(to.outbound.sentNanos, heartbeat(to));
    }
  }

  /**
   * Writes the next frame, if there is one to write.
   *
   * @param sequencedMessage the position that is next, if it may be sent
   * @param wantedFlags what else is to be told once on each attachment
   */
  @Nullable SessionOutput next(
      long nowNanos,
      StreamAttachment to,
      @Nullable SequencedMessage sequencedMessage,
      int wantedFlags) {
    if (!to.outbound.writable) {
      // A flag is told once, and what makes room may depend on it.
      boolean told = (wantedFlags & ~to.outbound.sentFlags) == 0;
      return told || !to.handshakeComplete ? null : control(nowNanos, to, wantedFlags);
    }
    if (sequencedMessage != null) {
      return message(nowNanos, to, sequencedMessage, wantedFlags);
    }
    return to.handshakeComplete ? control(nowNanos, to, wantedFlags) : null;
  }

  /** Encodes the message at a position. */
  private SessionOutput message(
      long nowNanos, StreamAttachment to, SequencedMessage sequencedMessage, int wantedFlags) {
    FrameHeader header = null;
    // An unproved peer sees the first header; the following messages take the next numbers.
    if (!to.plain && (to.handshakeComplete || !to.outbound.firstHeaderSent)) {
      boolean last = (sequencedMessage.flags() & Flag.FINAL) != 0;
      long ack = receiveBuffer.ack() > to.outbound.sentAck || last ? receiveBuffer.ack() : 0;
      // Not with each message: a quarter of the window is soon enough.
      long credit = isCreditDue(to, 4) ? receiveBuffer.credit() : 0;
      int flags =
          sequencedMessage.flags()
              | (to.handshakeComplete ? wantedFlags & ~to.outbound.sentFlags : 0);
      long number = sendBuffer.numberOf(sequencedMessage, to);
      long probe = stuck.probe(to, sequencedMessage.seq());
      header =
          new FrameHeader(
              to.tag(), number, ack, credit, flags, 0, sequencedMessage.status(), probe);
      told(nowNanos, to, header);
    }
    // Its answer, and an ack with it, is all that lets a small share of the buffers go on soon.
    to.probes.probeDue |= isStopped(sequencedMessage);
    acks.onFrame(true);
    to.outbound.firstHeaderSent = true;
    if (!to.outbound.touched) {
      to.outbound.touched = true;
      to.outbound.touchedNanos = nowNanos;
    }
    to.outbound.cursor = sequencedMessage.seq() + 1;
    to.outbound.sentNanos = nowNanos;
    sendBuffer.onSent(sequencedMessage.seq());
    if (to.plain) {
      sendBuffer.release(sequencedMessage.seq());
      if ((sequencedMessage.flags() & Flag.HALF_CLOSE) != 0) {
        to.outbound.halfClosed = true;
        return new SessionOutput.HalfClose(to);
      }
    }
    return new SessionOutput.Send(to, header, sequencedMessage.body());
  }

  /** A frame without a message, if there is something to say. */
  private @Nullable SessionOutput control(long nowNanos, StreamAttachment to, int wantedFlags) {
    int flags = wantedFlags & ~to.outbound.sentFlags;
    long beatNanos = to.outbound.sparing ? 0 : heartbeat(to).toNanos();
    boolean beat = beatNanos > 0 && nowNanos - to.outbound.sentNanos >= beatNanos;
    boolean due =
        (to.outbound.sparing ? acks.isDueSparingly(nowNanos, to) : acks.isDue(nowNanos, to))
            || (isCreditDue(to, 2) && (to.outbound.sparing || !to.outbound.halfClosed))
            || beat
            || to.probes.echoDue != 0
            || to.probes.probeDue;
    if (flags == 0 && !due) {
      return null;
    }
    acks.onFrame(false);
    long probe = 0;
    if (to.probes.echoDue != 0) {
      flags |= Flag.ECHO;
      probe = to.probes.echoDue;
      to.probes.echoDue = 0;
    } else if (to.probes.probeDue || beat) {
      // The answer keeps the other direction, when only this side knows of the path.
      probe = ++to.probes.lastProbe;
      to.probes.probeDue = false;
    }
    long low = (flags & Flag.SETTLED) == 0 ? 0 : to.outbound.cursor - 1;
    FrameHeader header =
        new FrameHeader(
            to.tag(), 0, receiveBuffer.ack(), receiveBuffer.credit(), flags, low, 0, probe);
    told(nowNanos, to, header);
    return new SessionOutput.Send(to, header, Payload.EMPTY);
  }

  /** Whether no more may follow, and what was sent is too little for an ack by itself. */
  private boolean isStopped(SequencedMessage last) {
    return last.seq() == sendBuffer.end()
        && !sendBuffer.isFinished()
        && !sendBuffer.isReady()
        && !acks.isEnough(sendBuffer);
  }

  /** A peer that asks for signs of life gets some while its questions are not read. */
  private Duration heartbeat(StreamAttachment to) {
    Duration own = options.timing().heartbeat();
    return own.isZero() && to.inbound.readPaused && to.probes.peerProbes ? PAUSED_HEARTBEAT : own;
  }

  /** Whether there is news of such a part of the window, or the peer has used up what it has. */
  private boolean isCreditDue(StreamAttachment to, int part) {
    long news = receiveBuffer.credit() - to.outbound.sentCredit;
    return news > 0
        && (part * news >= receiveBuffer.window()
            || to.outbound.sentCredit <= receiveBuffer.received());
  }

  private void told(long nowNanos, StreamAttachment to, FrameHeader header) {
    to.outbound.sentNanos = nowNanos;
    to.outbound.sentAck = Math.max(to.outbound.sentAck, header.ack());
    if (header.ack() == receiveBuffer.ack()) {
      acks.onAllTold(to);
    }
    if (to.outbound.sentAck >= to.probes.ackRequestedSeq) {
      to.probes.ackRequestedSeq = 0;
    }
    to.outbound.sentCredit = Math.max(to.outbound.sentCredit, header.credit());
    to.outbound.sentFlags |= header.flags() & ~(Flag.ECHO | OF_A_POSITION);
  }
}
