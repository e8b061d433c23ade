package dev.holdfast.streams;

import dev.holdfast.core.PureCore;
import dev.holdfast.streams.Outbox.Item;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import org.jspecify.annotations.Nullable;

/**
 * Says on an attachment what there is to say: the next message with what else is new in its header,
 * or a frame without a message when something can't wait for one.
 */
@PureCore
final class FrameWriter {
  private static final int OF_A_POSITION = Flag.FINAL | Flag.HALF_CLOSE | Flag.MOVED;

  private final SessionOptions options;
  private final Outbox outbox;
  private final Inbox inbox;
  private final StuckMessage stuck;
  private @Nullable Long ackDueNanos;

  /** Of what was processed, the bytes that the peer has been told of. */
  private long ackedBytes;

  FrameWriter(SessionOptions options, Outbox outbox, Inbox inbox, StuckMessage stuck) {
    this.options = options;
    this.outbox = outbox;
    this.inbox = inbox;
    this.stuck = stuck;
  }

  /** There may be something new to acknowledge, within the ack delay. */
  void scheduleAck(long nowNanos, @Nullable StreamAttachment to) {
    if (ackDueNanos == null && to != null && to.proved && inbox.ack() > to.toldAck) {
      ackDueNanos = nowNanos + options.timing().ackDelay().toNanos();
    }
  }

  /** Another attachment: its handshake has said all there was. */
  void restart() {
    ackDueNanos = null;
    ackedBytes = inbox.processedBytes();
  }

  /** When a frame without a message is due. */
  void addDeadlines(Due due, StreamAttachment to) {
    // An attachment that can't be written to would be due for ever.
    if (to.proved && to.writable) {
      due.at(ackDueNanos);
      due.after(to.sentNanos, options.timing().heartbeat());
    }
  }

  /**
   * Writes a position.
   *
   * @param wantedFlags what else is to be told once on each attachment
   */
  SessionOutput message(long nowNanos, StreamAttachment to, Item item, int wantedFlags) {
    FrameHeader header = null;
    // An unproved peer sees the first header; the following messages take the next numbers.
    if (!to.plain && (to.proved || !to.marked)) {
      boolean last = (item.flags() & Flag.FINAL) != 0;
      long ack = inbox.ack() > to.toldAck || last ? inbox.ack() : 0;
      // Not with each message: a quarter of the window is soon enough.
      boolean news = 4 * (inbox.credit() - to.toldCredit) >= options.receiveMessages();
      long credit = news ? inbox.credit() : 0;
      int flags = item.flags() | (to.proved ? wantedFlags & ~to.toldFlags : 0);
      long number = outbox.numberOf(item, to);
      long probe = stuck.probe(to, item.seq());
      header = new FrameHeader(to.tag(), number, ack, credit, flags, 0, item.status(), probe);
      told(nowNanos, to, header);
    }
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
  @Nullable SessionOutput control(long nowNanos, StreamAttachment to, int wantedFlags) {
    int flags = wantedFlags & ~to.toldFlags;
    boolean creditDue = 2 * (inbox.credit() - to.toldCredit) >= options.receiveMessages();
    long beatNanos = options.timing().heartbeat().toNanos();
    boolean beat = beatNanos > 0 && nowNanos - to.sentNanos >= beatNanos;
    boolean due = isAckDue(nowNanos, to) || creditDue || beat || to.echo != 0 || to.probeDue;
    if (flags == 0 && !due) {
      return null;
    }
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

  private boolean isAckDue(long nowNanos, StreamAttachment to) {
    long unsaid = inbox.ack() - to.toldAck;
    boolean late = ackDueNanos != null && nowNanos - ackDueNanos >= 0;
    // The peer keeps bytes until they are acknowledged: a few large messages fill its buffer.
    boolean large = inbox.processedBytes() - ackedBytes >= options.ackBytes();
    return to.repeatAck || unsaid >= options.ackEvery() || (unsaid > 0 && (late || large));
  }

  private void told(long nowNanos, StreamAttachment to, FrameHeader header) {
    to.sentNanos = nowNanos;
    to.toldAck = Math.max(to.toldAck, header.ack());
    if (header.ack() == inbox.ack()) {
      to.repeatAck = false;
      ackDueNanos = null;
      ackedBytes = inbox.processedBytes();
    }
    to.toldCredit = Math.max(to.toldCredit, header.credit());
    to.toldFlags |= header.flags() & ~(Flag.ECHO | OF_A_POSITION);
  }
}
