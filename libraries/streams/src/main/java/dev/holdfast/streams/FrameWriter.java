package dev.holdfast.streams;

import dev.holdfast.core.PureCore;
import dev.holdfast.streams.Outbox.Item;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The encoder of a session's output on an attachment. New acks and credit go into the header of the
 * next message, or into a frame without a message when they can't wait.
 */
@PureCore
final class FrameWriter {
  private static final int OF_A_POSITION = Flag.FINAL | Flag.HALF_CLOSE | Flag.MOVED;
  private static final Duration PAUSED_HEARTBEAT = Duration.ofSeconds(1);

  private final SessionOptions options;
  private final Outbox outbox;
  private final Inbox inbox;
  private final StuckMessage stuck;
  private final AckSchedule acks;

  FrameWriter(
      SessionOptions options, Outbox outbox, Inbox inbox, StuckMessage stuck, AckSchedule acks) {
    this.options = options;
    this.outbox = outbox;
    this.inbox = inbox;
    this.stuck = stuck;
    this.acks = acks;
  }

  /** When a frame without a message is due. */
  void addDeadlines(Due due, StreamAttachment to) {
    // An attachment that can't be written to would be due for ever.
    if (to.proved && to.writable) {
      acks.addDeadlines(due);
      due.after(to.sentNanos, heartbeat(to));
    }
  }

  /**
   * Writes the next frame, if there is one to write.
   *
   * @param item the position that is next, if it may be sent
   * @param wantedFlags what else is to be told once on each attachment
   */
  @Nullable SessionOutput next(
      long nowNanos, StreamAttachment to, @Nullable Item item, int wantedFlags) {
    if (!to.writable) {
      // A flag is told once, and what makes room may depend on it.
      boolean told = (wantedFlags & ~to.toldFlags) == 0;
      return told || !to.proved ? null : control(nowNanos, to, wantedFlags);
    }
    if (item != null) {
      return message(nowNanos, to, item, wantedFlags);
    }
    return to.proved ? control(nowNanos, to, wantedFlags) : null;
  }

  /** Encodes the message at a position. */
  private SessionOutput message(long nowNanos, StreamAttachment to, Item item, int wantedFlags) {
    FrameHeader header = null;
    // An unproved peer sees the first header; the following messages take the next numbers.
    if (!to.plain && (to.proved || !to.marked)) {
      boolean last = (item.flags() & Flag.FINAL) != 0;
      long ack = inbox.ack() > to.toldAck || last ? inbox.ack() : 0;
      // Not with each message: a quarter of the window is soon enough.
      long credit = isCreditDue(to, 4) ? inbox.credit() : 0;
      int flags = item.flags() | (to.proved ? wantedFlags & ~to.toldFlags : 0);
      long number = outbox.numberOf(item, to);
      long probe = stuck.probe(to, item.seq());
      header = new FrameHeader(to.tag(), number, ack, credit, flags, 0, item.status(), probe);
      told(nowNanos, to, header);
    }
    // Its answer, and an ack with it, is all that lets a small share of the buffers go on soon.
    to.probeDue |= isStopped(item);
    acks.onFrame(true);
    to.marked = true;
    to.touched = true;
    to.cursor = item.seq() + 1;
    to.sentNanos = nowNanos;
    outbox.onSent(item.seq());
    if (to.plain) {
      outbox.release(item.seq());
      if ((item.flags() & Flag.HALF_CLOSE) != 0) {
        to.halfClosed = true;
        return new SessionOutput.HalfClose(to);
      }
    }
    return new SessionOutput.Send(to, header, item.body());
  }

  /** A frame without a message, if there is something to say. */
  private @Nullable SessionOutput control(long nowNanos, StreamAttachment to, int wantedFlags) {
    int flags = wantedFlags & ~to.toldFlags;
    long beatNanos = heartbeat(to).toNanos();
    boolean beat = beatNanos > 0 && nowNanos - to.sentNanos >= beatNanos;
    boolean due =
        acks.isDue(nowNanos, to) || isCreditDue(to, 2) || beat || to.echo != 0 || to.probeDue;
    if (flags == 0 && !due) {
      return null;
    }
    acks.onFrame(false);
    long probe = 0;
    if (to.echo != 0) {
      flags |= Flag.ECHO;
      probe = to.echo;
      to.echo = 0;
    } else if (to.probeDue || beat) {
      // The answer keeps the other direction, when only this side knows of the path.
      probe = ++to.probe;
      to.probeDue = false;
    }
    long low = (flags & Flag.SETTLED) == 0 ? 0 : to.cursor - 1;
    FrameHeader header =
        new FrameHeader(to.tag(), 0, inbox.ack(), inbox.credit(), flags, low, 0, probe);
    told(nowNanos, to, header);
    return new SessionOutput.Send(to, header, Payload.EMPTY);
  }

  /** Whether no more may follow, and what was sent is too little for an ack by itself. */
  private boolean isStopped(Item last) {
    return last.seq() == outbox.end()
        && !outbox.isFinished()
        && !outbox.isReady()
        && !acks.isEnough(outbox);
  }

  /** A peer that asks for signs of life gets some while its questions are not read. */
  private Duration heartbeat(StreamAttachment to) {
    Duration own = options.timing().heartbeat();
    return own.isZero() && to.paused && to.probed ? PAUSED_HEARTBEAT : own;
  }

  /** Whether there is news of such a part of the window, or the peer has used up what it has. */
  private boolean isCreditDue(StreamAttachment to, int part) {
    long news = inbox.credit() - to.toldCredit;
    return news > 0 && (part * news >= inbox.window() || to.toldCredit <= inbox.received());
  }

  private void told(long nowNanos, StreamAttachment to, FrameHeader header) {
    to.sentNanos = nowNanos;
    to.toldAck = Math.max(to.toldAck, header.ack());
    if (header.ack() == inbox.ack()) {
      acks.onAllTold(to);
    }
    if (to.toldAck >= to.ackWanted) {
      to.ackWanted = 0;
    }
    to.toldCredit = Math.max(to.toldCredit, header.credit());
    to.toldFlags |= header.flags() & ~(Flag.ECHO | OF_A_POSITION);
  }
}
