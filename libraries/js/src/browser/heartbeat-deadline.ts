import type { Platform } from './platform.js';

/** Time within which something arrives on a connection that works: the gateway's interval of 15 s, with a margin. */
export const HEARTBEAT_MILLIS = 20_000;
/** Delay of a timer beyond its time that means that the page was throttled, frozen or busy. */
const LATE_MILLIS = 2_000;

/**
 * The deadline for the next sign of life on one connection. Everything that arrives moves it.
 *
 * Timers of hidden and frozen pages run late. Such a timer says nothing about the connection, because what arrived may not have been
 * dispatched yet. It grants {@link HEARTBEAT_MILLIS} more, once.
 */
export class HeartbeatDeadline {
  private heardAt: number;
  private dueAt = 0;
  private timer: unknown;
  private extended = false;

  /**
   * @param timeoutMillis silence after which the deadline has passed
   * @param onPassed called once; the deadline is stopped then
   */
  constructor(
    private readonly platform: Platform,
    private timeoutMillis: number,
    private readonly onPassed: () => void,
  ) {
    this.heardAt = platform.now();
  }

  /** Milliseconds since the last sign of life. */
  get silentMillis(): number {
    return this.platform.now() - this.heardAt;
  }

  /** Begins to watch a connection that has just been heard. */
  start(): void {
    this.stop();
    this.onHeard();
    this.arm(this.timeoutMillis);
  }

  /** A sign of life. The timer is not moved: it sees for itself when it runs. */
  onHeard(): void {
    this.heardAt = this.platform.now();
    this.extended = false;
  }

  /** Changes the timeout, from now on. */
  limit(timeoutMillis: number): void {
    if (this.timeoutMillis !== timeoutMillis) {
      this.timeoutMillis = timeoutMillis;
      if (this.timer !== undefined) {
        this.start();
      }
    }
  }

  /** Ends watching; later calls have no effect. */
  stop(): void {
    this.platform.clearTimer(this.timer);
    this.timer = undefined;
  }

  private arm(millis: number): void {
    this.dueAt = this.platform.now() + millis;
    this.timer = this.platform.setTimer(() => this.check(), millis);
  }

  private check(): void {
    this.timer = undefined;
    const leftMillis = this.timeoutMillis - this.silentMillis;
    if (leftMillis > 0) {
      this.arm(leftMillis);
    } else if (!this.extended && this.platform.now() - this.dueAt > LATE_MILLIS) {
      this.extended = true;
      this.arm(HEARTBEAT_MILLIS);
    } else {
      this.onPassed();
    }
  }
}
