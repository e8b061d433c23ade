import type { Welcome } from '../wire/handshake.js';
import { Attachment } from './attachment.js';
import { type Deadlines, isOver } from './deadlines.js';
import type { SessionOptions } from './options.js';

/** The source of chance of a session. */
export interface SessionRandom {
  /** The tag of an attachment, 1 to 2^32-1. */
  tag(): number;
  /** A delay, evenly from 0 to `most` milliseconds. */
  delay(most: number): number;
}

/** Redirections that are followed at once, in a row. */
const MAX_MOVES = 3;
/** Doublings of the time that a resume may wait for its answer, one for each that was met by silence. */
const MAX_PATIENCE_DOUBLINGS = 2;
/** Between an attempt that failed and the next one, when a server that may be reached again brings it forward. */
const LEAST_PAUSE_MILLIS = 2_000;
/** An outage that is shorter is no news to the application. */
const TELL_AFTER_MILLIS = 2_000;
/** Doublings of the first delay; the cap is reached before. */
const MAX_DELAY_DOUBLINGS = 40;

/**
 * The time, the address and the number of the next attachment, and when to give up. Delays have full jitter, plus a part of the
 * server's spread. Only a message that was acknowledged, or that is new, begins the delays anew.
 */
export class AttachmentSchedule {
  private ttl_: number;
  private numbers = 0;
  private failures = 0;
  private spread = 0;
  private address_ = '';
  private moves = 0;
  private silences = 0;
  private retryAt: number | undefined;
  /** How far the next attempt can be brought forward. */
  private earliestAt = 0;
  private aloneAt: number | undefined;

  constructor(
    private readonly options: SessionOptions,
    private readonly random: SessionRandom,
  ) {
    this.ttl_ = options.ttlMillis;
  }

  /** The address of the next attempt; '' for the channel's own choice. */
  get address(): string {
    return this.address_;
  }

  get ttl(): number {
    return this.ttl_;
  }

  /** The most time between an attachment's begin and its welcome. */
  get handshake(): number {
    return this.options.handshakeMillis * 2 ** this.silences;
  }

  /** A new attachment, with a number above all before. */
  next(now: number): Attachment {
    this.retryAt = undefined;
    this.numbers++;
    return new Attachment(this.numbers, this.random.tag(), now);
  }

  onProgress(): void {
    this.failures = 0;
  }

  onWelcome(welcome: Welcome): void {
    this.ttl_ = welcome.ttl;
    this.spread = welcome.spread;
    this.onAnswered();
  }

  /** A server took the attachment. */
  onAnswered(): void {
    this.retryAt = undefined;
    this.aloneAt = undefined;
    this.moves = 0;
    this.silences = 0;
  }

  /** A resume was not answered in time: a server with many of them needs more. */
  onSilence(): void {
    this.silences = Math.min(MAX_PATIENCE_DOUBLINGS, this.silences + 1);
  }

  /** Whether a redirection is followed at once. */
  follow(address: string): boolean {
    this.moves++;
    this.address_ = address;
    return this.moves <= MAX_MOVES;
  }

  /** An attempt failed: the next one goes wherever the channel leads. */
  onFailed(): void {
    this.address_ = '';
    this.moves = 0;
  }

  /** The next attempt is due at once, wherever the channel leads; the ones before say nothing of it. */
  beginElsewhere(now: number): void {
    this.onFailed();
    this.failures = 0;
    this.retryAt = now;
  }

  /** There is no attachment from now on. */
  alone(now: number): void {
    this.aloneAt ??= now;
  }

  /** The next attempt is due after a delay. */
  later(now: number, atLeast: number): void {
    const delay = this.nextDelay();
    const asked = atLeast + this.random.delay(this.spread);
    this.retryAt = now + asked + delay;
    this.earliestAt = now + Math.max(asked, LEAST_PAUSE_MILLIS);
  }

  /** The server can be reached: the delay that outages made is not waited for. */
  bringForward(now: number): void {
    if (this.retryAt !== undefined) {
      this.retryAt = Math.min(this.retryAt, Math.max(now, this.earliestAt));
    }
  }

  /** A working attachment is to be replaced: at once, or within the server's spread. */
  soon(now: number): void {
    this.retryAt = now + this.random.delay(this.spread);
  }

  /** The delay before the next attempt; counts as one more that failed. */
  nextDelay(): number {
    const { backoffBaseMillis, backoffCapMillis } = this.options;
    const most = Math.min(backoffCapMillis, backoffBaseMillis * 2 ** Math.min(this.failures, MAX_DELAY_DOUBLINGS));
    this.failures++;
    return this.random.delay(most);
  }

  isDue(now: number): boolean {
    return isOver(now, this.retryAt);
  }

  /** Whether there has been no attachment for so long that the application should know. */
  isWaiting(now: number): boolean {
    return this.aloneAt !== undefined && now - this.aloneAt >= TELL_AFTER_MILLIS;
  }

  /** Milliseconds until attempts end. */
  left(now: number): number {
    return Math.max(0, (this.aloneAt ?? now) + this.patience() - now);
  }

  /** Whether a server would no longer hold the session, with one attempt more. */
  isHopeless(now: number): boolean {
    return this.aloneAt !== undefined && now - this.aloneAt >= this.patience();
  }

  addDeadlines(deadlines: Deadlines, opening: boolean, told: boolean): void {
    if (!opening) {
      deadlines.at(this.retryAt);
    }
    if (this.aloneAt !== undefined) {
      deadlines.after(this.aloneAt, this.patience());
      if (!told) {
        deadlines.after(this.aloneAt, TELL_AFTER_MILLIS);
      }
    }
  }

  private patience(): number {
    return this.ttl_ + this.options.backoffCapMillis + this.options.handshakeMillis;
  }
}
