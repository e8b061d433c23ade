import type { Welcome } from '../wire/handshake.js';
import type { Attachment } from './attachment.js';
import { type Deadlines, isOver } from './deadlines.js';
import { type SessionOptions, ackBytes, answeredAckBytes } from './options.js';
import type { ReceiveBuffer } from './receive-buffer.js';
import type { SendBuffer } from './send-buffer.js';

/** The most that a welcome can ask for; with more the client takes these. */
const MAX_EVERY = 65_536;
const MAX_DELAY_MILLIS = 10_000;

/**
 * When to acknowledge: after a number of messages or a delay, as the newest welcome says, after a number of bytes, and when the server
 * has asked for an ack or missed one.
 */
export class AckSchedule {
  private readonly bytes: number;
  /** The bytes while messages are answered: the next answer carries the ack, and a frame is saved. */
  private readonly answeredBytes: number;
  private every: number;
  private delay: number;
  private dueAt: number | undefined;
  /** The bytes of processed messages that acks have covered. */
  private ackedBytes = 0;
  /** Whether a message went out since an ack had to go by itself: the next may carry one. */
  private answers = false;

  constructor(
    private readonly options: SessionOptions,
    private readonly received: ReceiveBuffer,
  ) {
    this.bytes = ackBytes(options);
    this.answeredBytes = answeredAckBytes(options);
    this.every = options.ackEvery;
    this.delay = options.ackDelayMillis;
  }

  /** Follows the server's welcome, where it asks for something. */
  follow(welcome: Welcome): void {
    this.every = welcome.ackEvery === 0 ? this.options.ackEvery : Math.min(welcome.ackEvery, MAX_EVERY);
    this.delay = welcome.ackDelay === 0 ? this.options.ackDelayMillis : Math.min(welcome.ackDelay, MAX_DELAY_MILLIS);
  }

  /** There may be something new to acknowledge, within the delay. */
  onProcessed(now: number, to: Attachment | undefined): void {
    if (this.dueAt === undefined && to?.handshakeComplete && this.received.processed > to.outbound.sentAck) {
      this.dueAt = now + this.delay;
    }
  }

  /** Another attachment: its handshake has said all there was. */
  restart(): void {
    this.dueAt = undefined;
    this.ackedBytes = this.received.processedBytes;
  }

  /** A message was written, or a frame without one. */
  onFrame(message: boolean): void {
    this.answers = message;
  }

  /** The server has been told of all that was processed. */
  onAllTold(to: Attachment): void {
    to.outbound.ackRepeatDue = false;
    this.restart();
  }

  addDeadlines(deadlines: Deadlines, to: Attachment): void {
    deadlines.at(to.outbound.sparing ? this.sparingDueAt(to) : this.dueAt);
  }

  isDue(now: number, to: Attachment): boolean {
    if (to.outbound.sparing) {
      return isOver(now, this.sparingDueAt(to));
    }
    const unsaid = this.received.processed - to.outbound.sentAck;
    const asked = to.probes.ackRequestedSeq > 0 && this.received.processed >= to.probes.ackRequestedSeq;
    return (
      to.outbound.ackRepeatDue || this.isEnoughUnsaid(to) || (unsaid > 0 && (isOver(now, this.dueAt) || asked))
    );
  }

  /**
   * When an ack is due that costs an attachment. A server whose buffer is full waits for an ack by number or bytes, and sends nothing;
   * while it sends, credit is soon enough.
   */
  sparingDueAt(to: Attachment): number | undefined {
    return this.isEnoughUnsaid(to) ? to.inbound.heardAt + this.delay : undefined;
  }

  /** Whether an ack is due by number or by bytes. */
  private isEnoughUnsaid(to: Attachment): boolean {
    const unsaid = this.received.processed - to.outbound.sentAck;
    const mostBytes = this.answers ? this.answeredBytes : this.bytes;
    return unsaid >= this.every || (unsaid > 0 && this.received.processedBytes - this.ackedBytes >= mostBytes);
  }

  /** Whether a peer with the same schedule would acknowledge so much by itself, without delay. */
  isEnough(sent: SendBuffer): boolean {
    return sent.held >= this.every || sent.heldBytes >= this.answeredBytes;
  }
}
