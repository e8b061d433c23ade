import { Flag } from '../wire/frame-header.js';
import type { BufferBudget } from './buffer-budget.js';

/** A message, half-close or final status at its position. */
export interface SequencedMessage {
  readonly seq: number;
  readonly body: Uint8Array;
  readonly flags: number;
  readonly status: number;
}

const EMPTY = new Uint8Array(0);
/** Limit of a first message that is kept for a hand-over; with a larger one the stream ends as moved. */
const MAX_FIRST_BYTES = 64 * 1024;

/**
 * The messages that the server has not processed, by position: `acked < low <= end + 1`. Positions begin at 1, ascend by one and are
 * never reused. At its limits the buffer is not ready, at twice the limits it refuses a message; an accepted one stays until the
 * server has processed it.
 */
export class SendBuffer {
  private readonly messages: SequencedMessage[] = [];
  private lowest = 1;
  private last = 0;
  private acked_ = 0;
  private sent_ = 0;
  private bytes = 0;
  /** Bytes that the server has processed since the session was attached. */
  private flowed = 0;
  private finished = false;
  private toldFull = false;
  /** Whether the first message is kept after its ack, and that message once it was released. */
  private keepsFirst = false;
  private first: SequencedMessage | undefined;

  constructor(
    private readonly limitMessages: number,
    private readonly limitBytes: number,
    private readonly budget: BufferBudget,
  ) {}

  /** Lowest position held; one more than the last when there is none. */
  get low(): number {
    return this.lowest;
  }

  /** Highest position given so far. */
  get end(): number {
    return this.last;
  }

  get acked(): number {
    return this.acked_;
  }

  /** Highest position that was written to a server. */
  get sent(): number {
    return this.sent_;
  }

  get held(): number {
    return this.messages.length;
  }

  get heldBytes(): number {
    return this.bytes;
  }

  /** Whether the half-close was given a position. */
  get isFinished(): boolean {
    return this.finished;
  }

  /** Keeps the first message until the end, unless it is large, so that it can be sent again. */
  keepFirst(): void {
    this.keepsFirst = true;
  }

  /** Whether all that was sent, a first message and a half-close, can be sent again. */
  mayRewind(): boolean {
    return this.last <= 2 && (this.first ?? this.at(1)) !== undefined;
  }

  /** Begins at position 1 again, with the first message and the half-close. */
  rewind(): void {
    const again = this.first ?? this.at(1);
    if (again === undefined) {
      throw new Error('the first message was released');
    }
    const last = this.finished;
    this.clear();
    this.lowest = 1;
    this.last = 0;
    this.acked_ = 0;
    this.sent_ = 0;
    this.finished = false;
    this.append(again.body, again.flags);
    if (last) {
      this.finish();
    }
  }

  isReady(): boolean {
    const full = this.held >= this.limitMessages || this.bytes >= this.limitBytes || !this.hasRoom(this.bytes);
    return !this.finished && !full;
  }

  /** As {@link isReady}, for an application that is to be told when there is room again. */
  askReady(): boolean {
    const ready = this.isReady();
    this.toldFull ||= !ready;
    return ready;
  }

  /** Whether the application is to be told that there is room again; true once. */
  takeReadyAgain(): boolean {
    const again = this.toldFull && this.isReady();
    this.toldFull &&= !again;
    return again;
  }

  /** Takes a message, unless twice the limits are reached. */
  offer(body: Uint8Array): boolean {
    const fits =
      this.held < 2 * this.limitMessages &&
      this.bytes + body.length <= 2 * this.limitBytes &&
      this.hasRoom(this.bytes / 2);
    const taken = !this.finished && (fits || this.held === 0);
    if (taken) {
      this.append(body, 0);
    }
    this.toldFull ||= !this.isReady();
    return taken;
  }

  /** Takes the half-close, which always fits; only the first one counts. */
  finish(): void {
    if (!this.finished) {
      this.append(EMPTY, Flag.HALF_CLOSE);
      this.finished = true;
    }
  }

  /** Releases what the server has processed; false when that was never sent. */
  ack(upTo: number): boolean {
    if (upTo > this.sent_) {
      return false;
    }
    this.acked_ = Math.max(this.acked_, upTo);
    const before = this.bytes;
    this.release(upTo);
    this.flowed += before - this.bytes;
    return true;
  }

  /** Forgets positions that were written to a server that will never acknowledge. */
  release(upTo: number): void {
    const count = Math.max(0, Math.min(upTo, this.last) - this.lowest + 1);
    for (const message of this.messages.splice(0, count)) {
      if (message.seq === 1 && this.keepsFirst && message.body.length <= MAX_FIRST_BYTES) {
        this.first = message;
      } else {
        this.hold(-message.body.length);
      }
    }
    this.lowest += count;
  }

  /** Forgets everything, the kept first message included. */
  clear(): void {
    this.release(this.last);
    this.hold(-(this.first?.body.length ?? 0));
    this.first = undefined;
  }

  at(seq: number): SequencedMessage | undefined {
    return this.messages[seq - this.lowest];
  }

  onSent(seq: number): void {
    this.sent_ = Math.max(this.sent_, seq);
  }

  /** The server processes nothing while the session is detached. */
  onDetached(): void {
    this.flowed = 0;
  }

  private append(body: Uint8Array, flags: number): void {
    this.last++;
    this.messages.push({ seq: this.last, body, flags, status: 0 });
    this.hold(body.length);
  }

  private hasRoom(bytes: number): boolean {
    // Who holds nothing may always take one, or it would wait for others.
    return this.held === 0 || this.budget.hasRoom(bytes, this.flowed);
  }

  private hold(bytes: number): void {
    this.bytes += bytes;
    this.budget.take(bytes);
  }
}
