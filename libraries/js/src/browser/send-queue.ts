import { Code, StreamError, statusOf } from './errors.js';

/** Writes that wait for room; more are refused. */
const MAX_WAITING_WRITES = 256;
const encoder = new TextEncoder();

interface Entry {
  readonly text: string;
  readonly bytes: number;
}

interface WaitingWrite extends Entry {
  readonly resolve: () => void;
  readonly reject: (error: StreamError) => void;
}

/** The messages of a client until the gateway is known to have them. Bounded; a write waits at the bound. */
export class SendQueue {
  private readonly entries: Entry[] = [];
  private waiting: WaitingWrite[] = [];
  private bytes = 0;
  private sentHere = 0;
  /** The messages that the gateway is known to have. */
  arrived = 0;
  /** All messages that were admitted or wait. */
  written = 0;

  constructor(
    private readonly mostMessages: number,
    private readonly mostBytes: number,
  ) {}

  /** Whether a write waits for room. */
  get isFull(): boolean {
    return this.waiting.length > 0;
  }

  /** Whether all messages that were admitted went to the current connection. */
  get isSent(): boolean {
    return this.sentHere === this.entries.length;
  }

  /** The promise of room for a message, which is admitted then. */
  add(text: string): Promise<void> {
    const bytes = encoder.encode(text).length;
    if (this.waiting.length >= MAX_WAITING_WRITES) {
      const why = `${MAX_WAITING_WRITES} writes wait for room already (expected: await each write)`;
      return Promise.reject(new StreamError(statusOf(Code.RESOURCE_EXHAUSTED, why)));
    }
    this.written++;
    if (this.waiting.length === 0 && this.hasRoom(bytes)) {
      this.admit({ text, bytes });
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => this.waiting.push({ text, bytes, resolve, reject }));
  }

  /** The next message that the current connection was not given; undefined for none. */
  poll(): string | undefined {
    const next = this.entries[this.sentHere];
    this.sentHere += next === undefined ? 0 : 1;
    return next?.text;
  }

  /** A connection begins, to which nothing was sent. */
  onConnection(): void {
    this.sentHere = 0;
  }

  /**
   * Drops the messages that the gateway has.
   *
   * @throws StreamError when it claims more than were sent
   */
  onArrived(count: number): void {
    const more = count - this.arrived;
    if (!Number.isSafeInteger(count) || more < 0 || more > this.entries.length) {
      const most = this.arrived + this.entries.length;
      throw new StreamError(statusOf(Code.INTERNAL, `received: ${count} (expected: ${this.arrived} to ${most})`));
    }
    for (const each of this.entries.splice(0, more)) {
      this.bytes -= each.bytes;
    }
    this.sentHere = Math.max(0, this.sentHere - more);
    this.arrived = count;
    for (let next = this.waiting[0]; next !== undefined && this.hasRoom(next.bytes); next = this.waiting[0]) {
      this.waiting.shift();
      this.admit(next);
      next.resolve();
    }
  }

  /** Fails the writes that wait. */
  fail(error: StreamError): void {
    const failed = this.waiting;
    this.waiting = [];
    failed.forEach((each) => each.reject(error));
  }

  /** A message above the bound is admitted alone. */
  private hasRoom(bytes: number): boolean {
    return this.entries.length === 0 || (this.entries.length < this.mostMessages && this.bytes + bytes <= this.mostBytes);
  }

  private admit(entry: Entry): void {
    this.entries.push(entry);
    this.bytes += entry.bytes;
  }
}
