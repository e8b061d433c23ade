import type { StreamOptions, StreamSettings } from './options.js';
import type { Platform } from './platform.js';

/** Time without a connection after which the application is told. */
const NOTICE_MILLIS = 2_000;

/** The stream whose attempts are scheduled. */
export interface Reconnecting {
  attempt(): void;
  /** No attempt succeeded within the patience. */
  onUnreachable(cause: string): void;
}

/**
 * The schedule of a stream's attempts to connect: exponential back-off with full jitter, at once when the page wakes, given up after
 * `patienceMillis`.
 */
export class Reconnection {
  private failures = 0;
  private lostAt: number | undefined;
  private lastCause = '';
  private timer: unknown;
  private notice: unknown;
  private told = false;
  private closed = false;

  constructor(
    private readonly platform: Platform,
    private readonly settings: StreamSettings,
    private readonly options: StreamOptions,
    private readonly stream: Reconnecting,
  ) {}

  /** Whether the next attempt waits for its time. */
  get isWaiting(): boolean {
    return this.timer !== undefined;
  }

  /** Schedules an attempt after a connection was lost, or could not be made. */
  onLost(cause: string): void {
    if (this.closed || this.isWaiting) {
      return;
    }
    this.lastCause = cause;
    const now = this.platform.now();
    if (this.lostAt === undefined) {
      this.lostAt = now;
      this.notice = this.platform.setTimer(() => this.tell(), NOTICE_MILLIS);
    } else if (now - this.lostAt >= this.settings.patienceMillis) {
      this.stream.onUnreachable(cause);
      return;
    }
    const most = Math.min(this.settings.backoffCapMillis, this.settings.backoffBaseMillis * 2 ** Math.min(this.failures, 30));
    this.failures++;
    this.timer = this.platform.setTimer(() => this.begin(), Math.floor(this.platform.random() * most));
  }

  /** The stream has a connection that works. */
  onConnected(): void {
    this.failures = 0;
    this.lostAt = undefined;
    this.clear();
    if (this.told) {
      this.told = false;
      this.options.onResumed?.();
    }
  }

  /** The page woke: a waiting attempt begins now, and the patience anew. */
  wake(): void {
    if (this.lostAt !== undefined) {
      this.lostAt = this.platform.now();
    }
    this.failures = 0;
    if (this.isWaiting) {
      this.begin();
    }
  }

  close(): void {
    this.closed = true;
    this.clear();
  }

  private begin(): void {
    this.platform.clearTimer(this.timer);
    this.timer = undefined;
    this.stream.attempt();
  }

  private tell(): void {
    this.notice = undefined;
    this.told = true;
    const gone = this.platform.now() - (this.lostAt ?? this.platform.now());
    this.options.onWaiting?.(Math.max(0, this.settings.patienceMillis - gone), this.lastCause);
  }

  private clear(): void {
    this.platform.clearTimer(this.timer);
    this.platform.clearTimer(this.notice);
    this.timer = undefined;
    this.notice = undefined;
  }
}
