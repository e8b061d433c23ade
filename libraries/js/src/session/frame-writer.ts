import { Flag, type FrameHeader } from '../wire/frame-header.js';
import type { AckSchedule } from './ack-schedule.js';
import type { Attachment } from './attachment.js';
import type { Deadlines } from './deadlines.js';
import type { SessionOptions } from './options.js';
import type { SessionOutput } from './outputs.js';
import type { ReceiveBuffer } from './receive-buffer.js';
import type { PoisonMessageDetector } from './refusal-detectors.js';
import type { SendBuffer, SequencedMessage } from './send-buffer.js';

const OF_A_POSITION = Flag.FINAL | Flag.HALF_CLOSE | Flag.MOVED;
const PAUSED_HEARTBEAT_MILLIS = 1_000;
const EMPTY = new Uint8Array(0);

/**
 * The encoder of a session's output on an attachment. New acks and credit go into the header of the next message, or into a frame without
 * a message when they can't wait.
 */
export class FrameWriter {
  constructor(
    private readonly options: SessionOptions,
    private readonly sent: SendBuffer,
    private readonly received: ReceiveBuffer,
    private readonly poison: PoisonMessageDetector,
    private readonly acks: AckSchedule,
  ) {}

  /** When a frame without a message is due. */
  addDeadlines(deadlines: Deadlines, to: Attachment): void {
    // An attachment that can't be written to would be due for ever.
    if (to.handshakeComplete && to.outbound.writable) {
      this.acks.addDeadlines(deadlines, to);
      if (!to.outbound.sparing) {
        deadlines.after(to.outbound.sentAt, this.heartbeat(to));
      }
    }
  }

  /**
   * The next frame, if there is one to write.
   *
   * @param message the position that is next, if it may be sent
   * @param wantedFlags what else is told once on each attachment
   */
  next(
    now: number,
    to: Attachment,
    message: SequencedMessage | undefined,
    wantedFlags: number,
  ): SessionOutput | undefined {
    if (!to.outbound.writable) {
      // A flag is told once, and what makes room may depend on it.
      const told = (wantedFlags & ~to.outbound.sentFlags) === 0;
      return told || !to.handshakeComplete ? undefined : this.control(now, to, wantedFlags);
    }
    if (message !== undefined) {
      return this.message(now, to, message, wantedFlags);
    }
    return to.handshakeComplete ? this.control(now, to, wantedFlags) : undefined;
  }

  private message(now: number, to: Attachment, message: SequencedMessage, wantedFlags: number): SessionOutput {
    let header: FrameHeader | undefined;
    // A server that has not answered sees the first header; the following messages take the next positions.
    if (!to.plain && (to.handshakeComplete || !to.outbound.firstHeaderSent)) {
      header = {
        tag: to.tag,
        seq: message.seq,
        ack: this.received.processed > to.outbound.sentAck ? this.received.processed : 0,
        // Not with each message: a quarter of the window is soon enough.
        credit: this.isCreditDue(to, 4) ? this.received.credit() : 0,
        flags: message.flags | (to.handshakeComplete ? wantedFlags & ~to.outbound.sentFlags : 0),
        low: 0,
        status: 0,
        probe: this.poison.probe(to, message.seq),
      };
      this.told(now, to, header);
    }
    // Its answer, and an ack with it, is all that lets a small share of the buffers go on soon.
    to.probes.probeDue ||= this.isStopped(message);
    this.acks.onFrame(true);
    to.outbound.firstHeaderSent = true;
    to.opening.touched = true;
    to.outbound.cursor = message.seq + 1;
    to.outbound.sentAt = now;
    this.sent.onSent(message.seq);
    if (to.plain) {
      this.sent.release(message.seq);
      if ((message.flags & Flag.HALF_CLOSE) !== 0) {
        to.outbound.halfClosed = true;
        return { type: 'half-close', attachment: to };
      }
    }
    return { type: 'send', attachment: to, header, body: message.body };
  }

  /** A frame without a message, if there is something to say. */
  private control(now: number, to: Attachment, wantedFlags: number): SessionOutput | undefined {
    let flags = wantedFlags & ~to.outbound.sentFlags;
    const heartbeat = this.heartbeat(to);
    const { sparing, halfClosed } = to.outbound;
    const beat = !sparing && heartbeat > 0 && now - to.outbound.sentAt >= heartbeat;
    const { probes } = to;
    const credit = (sparing || !halfClosed) && this.isCreditDue(to, 2);
    const due = this.acks.isDue(now, to) || credit || beat || probes.echoDue !== 0n || probes.probeDue;
    if (flags === 0 && !due) {
      return undefined;
    }
    this.acks.onFrame(false);
    let probe = 0n;
    if (probes.echoDue !== 0n) {
      flags |= Flag.ECHO;
      probe = probes.echoDue;
      probes.echoDue = 0n;
    } else if (probes.probeDue || beat) {
      // The answer keeps the other direction, when only this side knows of the path.
      probe = ++probes.lastProbe;
      probes.probeDue = false;
    }
    const low = (flags & Flag.SETTLED) === 0 ? 0 : to.outbound.cursor - 1;
    const { processed } = this.received;
    const header = { tag: to.tag, seq: 0, ack: processed, credit: this.received.credit(), flags, low, status: 0, probe };
    this.told(now, to, header);
    return { type: 'send', attachment: to, header, body: EMPTY };
  }

  /** Whether no more may follow, and what was sent is too little for an ack by itself. */
  private isStopped(last: SequencedMessage): boolean {
    const full = last.seq === this.sent.end && !this.sent.isFinished && !this.sent.isReady();
    return full && !this.acks.isEnough(this.sent);
  }

  /** A server that asks for signs of life gets some while its questions are not read. */
  private heartbeat(to: Attachment): number {
    const asked = to.inbound.paused && to.probes.peerProbes;
    return this.options.heartbeatMillis === 0 && asked ? PAUSED_HEARTBEAT_MILLIS : this.options.heartbeatMillis;
  }

  /** Whether there is news of such a part of the window, or the server has used up what it has. */
  private isCreditDue(to: Attachment, part: number): boolean {
    const news = this.received.credit() - to.outbound.sentCredit;
    const usedUp = to.outbound.sentCredit <= this.received.received;
    return news > 0 && (part * news >= this.received.window() || usedUp);
  }

  private told(now: number, to: Attachment, header: FrameHeader): void {
    to.outbound.sentAt = now;
    to.outbound.sentAck = Math.max(to.outbound.sentAck, header.ack);
    if (header.ack === this.received.processed) {
      this.acks.onAllTold(to);
    }
    if (to.outbound.sentAck >= to.probes.ackRequestedSeq) {
      to.probes.ackRequestedSeq = 0;
    }
    to.outbound.sentCredit = Math.max(to.outbound.sentCredit, header.credit);
    to.outbound.sentFlags |= header.flags & ~(Flag.ECHO | OF_A_POSITION);
  }
}
