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
      this.hold(-message.body.length);
    }
    this.lowest += count;
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
