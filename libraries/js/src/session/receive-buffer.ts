import { Flag } from '../wire/frame-header.js';
import { INITIAL_CREDIT } from '../wire/handshake.js';
import type { BufferBudget } from './buffer-budget.js';
import type { SequencedMessage } from './send-buffer.js';

/** What becomes of an arriving position. */
export type ReceiveResult = 'accepted' | 'duplicate' | 'gap' | 'violation';

/** Each message makes the largest one before it count for so much less, one in so many. */
const FORGETS = 16;
/** The smallest window: one message is processed while the next one arrives. */
const LEAST_WINDOW = 2;

/**
 * The messages of the server, by position: `processed <= delivered <= received`. A position is received in order or not at all,
 * delivered once, and processed when the application says so. Only what is processed is acknowledged.
 */
export class ReceiveBuffer {
  private readonly waiting: SequencedMessage[] = [];
  /** The sizes of what was delivered and not processed. */
  private readonly inHand: number[] = [];
  private waitingBytes = 0;
  private inHandBytes = 0;
  private received_ = 0;
  private delivered = 0;
  private processed_ = 0;
  private processedBytes_ = 0;
  private lastSeq = Infinity;
  /** Whether the last position is that of an owner that moves the session. */
  private moved = false;
  /** The position of an owner's final frame, behind which another owner goes on; 0 for none. */
  private movedSeq = 0;
  private demand = 0;
  private granted: number;
  /** The largest message of late: credit is given in messages and meant in bytes. */
  private largeBytes = 0;

  constructor(
    private readonly windowMessages: number,
    private readonly limitBytes: number,
    private readonly budget: BufferBudget,
  ) {
    this.granted = this.window();
  }

  get received(): number {
    return this.received_;
  }

  get processed(): number {
    return this.processed_;
  }

  /** Bytes of all that was processed so far. */
  get processedBytes(): number {
    return this.processedBytes_;
  }

  get heldBytes(): number {
    return this.waitingBytes + this.inHandBytes;
  }

  /** Takes a position, if it is the next one. */
  receive(message: SequencedMessage): ReceiveResult {
    const { seq, flags } = message;
    if (seq === 0) {
      return 'violation';
    }
    if (seq <= this.received_) {
      return 'duplicate';
    }
    if (seq > this.received_ + 1) {
      return 'gap';
    }
    const invited = isLast(flags) || seq <= Math.max(this.granted, INITIAL_CREDIT);
    if (seq > this.lastSeq || !invited) {
      return 'violation';
    }
    this.accept(message);
    return 'accepted';
  }

  /** Takes a message of a plain server, which knows no positions. */
  acceptNext(body: Uint8Array): void {
    this.accept({ seq: this.received_ + 1, body, flags: 0, status: 0 });
  }

  /** The application wants so many messages more. */
  request(messages: number): void {
    this.demand = Math.min(this.demand + messages, Number.MAX_SAFE_INTEGER);
  }

  /** Whether the application waits for a message that has not come. */
  isStarved(): boolean {
    return this.demand > 0 && this.waiting.length === 0;
  }

  /** The next position for the application, which counts as delivered; `plain`: of a server without sessions. */
  deliver(plain: boolean): SequencedMessage | undefined {
    const next = this.waiting[0];
    if (next === undefined) {
      return undefined;
    }
    const last = isLast(next.flags);
    if (!last) {
      if (this.demand === 0 || (this.inHandBytes >= this.limitBytes && !plain)) {
        return undefined;
      }
      this.demand--;
    }
    this.waiting.shift();
    this.waitingBytes -= next.body.length;
    this.delivered = next.seq;
    if (last) {
      this.budget.take(-next.body.length);
      this.process(this.processed_);
    } else {
      this.inHand.push(next.body.length);
      this.inHandBytes += next.body.length;
    }
    return next;
  }

  /** The application has processed everything up to here, which it had been given. */
  process(upTo: number): void {
    if (upTo < this.processed_ || upTo > this.delivered) {
      throw new RangeError(`upTo: ${upTo} (expected: processed ${this.processed_} <= upTo <= delivered ${this.delivered})`);
    }
    for (let seq = this.processed_; seq < upTo; seq++) {
      const bytes = this.inHand.shift();
      if (bytes === undefined) {
        break;
      }
      this.inHandBytes -= bytes;
      this.processedBytes_ += bytes;
      this.budget.take(-bytes);
    }
    // Nobody processes a status: it is processed with all messages before it.
    this.processed_ = upTo + 1 === this.movedSeq ? this.movedSeq : upTo;
    if (this.processed_ + 1 === this.lastSeq && this.delivered === this.lastSeq) {
      this.processed_ = this.lastSeq;
    }
  }

  /** Whether an owner that moves the session has sent its final frame, and no other owner is there. */
  get isMoved(): boolean {
    return this.moved;
  }

  /** Whether {@link goOn} is possible: the last position was delivered, and all before an earlier one of that kind was processed. */
  mayGoOn(): boolean {
    return this.processed_ >= this.movedSeq && this.delivered === this.lastSeq;
  }

  /** The last position was that of one owner only; the next one goes on behind it. */
  goOn(): void {
    this.movedSeq = this.lastSeq;
    this.lastSeq = Infinity;
    this.moved = false;
  }

  /**
   * The lowest position that the server must still hold. An owner that took the session over holds nothing of the owner before, though
   * the application may have some of it in hand.
   */
  get firstNeeded(): number {
    return Math.max(this.processed_, this.movedSeq) + 1;
  }

  /** Forgets what the application was not given; what it has in hand counts no more. */
  clear(): void {
    this.budget.take(-this.heldBytes);
    this.waiting.length = 0;
    this.waitingBytes = 0;
    this.inHand.length = 0;
    this.inHandBytes = 0;
  }

  /** Messages that the server may send ahead: as many as fit if they are as large as those of late. */
  window(): number {
    const fitting = this.largeBytes === 0 ? INITIAL_CREDIT : Math.floor(this.limitBytes / this.largeBytes);
    return Math.min(this.windowMessages, Math.max(LEAST_WINDOW, fitting));
  }

  /** Whether the call may be asked for one more message, however large. */
  wantsMore(): boolean {
    const idle = this.waiting.length === 0 && this.inHand.length === 0;
    return idle || (this.hasRoom() && (this.waiting.length <= 1 || this.waitingBytes < 2 * this.limitBytes));
  }

  /** The highest position that may come; it never goes back. */
  credit(): number {
    if (this.hasRoom() && this.waitingBytes < this.limitBytes) {
      this.granted = Math.max(this.granted, this.processed_ + this.window());
    } else if (this.waiting.length === 0) {
      // One at a time goes on, or this session would wait for others.
      this.granted = Math.max(this.granted, this.processed_ + 1);
    }
    return this.granted;
  }

  private accept(message: SequencedMessage): void {
    const bytes = message.body.length;
    this.received_ = message.seq;
    this.waiting.push(message);
    this.waitingBytes += bytes;
    this.largeBytes = Math.max(this.largeBytes - Math.floor(this.largeBytes / FORGETS), 1 + bytes);
    this.budget.take(bytes);
    if (isLast(message.flags)) {
      this.lastSeq = message.seq;
      this.moved = (message.flags & Flag.MOVED) !== 0;
    }
  }

  private hasRoom(): boolean {
    return this.budget.hasRoom(this.heldBytes, this.processedBytes_);
  }
}

function isLast(flags: number): boolean {
  return (flags & (Flag.FINAL | Flag.HALF_CLOSE)) !== 0;
}
