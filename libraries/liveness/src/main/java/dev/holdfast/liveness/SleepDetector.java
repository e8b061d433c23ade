package dev.holdfast.liveness;

import dev.holdfast.core.annotation.PureCore;
import java.util.function.LongSupplier;

/**
 * A detector of machine sleep. On Linux and macOS {@link System#nanoTime()} stops during sleep and
 * the wall clock does not, so after waking the wall clock is ahead.
 *
 * <p>A wall clock that was set forward looks the same, and costs each connection one probe. A wall
 * clock that was set back changes nothing. Drift between two checks is ignored. Thread-safe; a
 * check costs one read of the wall clock.
 */
@PureCore
public final class SleepDetector {
  /** The wall clock gained more than this: the machine slept, and paths may have forgotten it. */
  static final long SLEPT_MILLIS = 5_000;

  /**
   * The clock difference that counts as drift, in milliseconds. A larger difference becomes the new
   * base.
   */
  private static final long DRIFT_MILLIS = 500;

  private final LongSupplier wallMillis;
  // Written after wokeNanos and read before it, so that a thread that sees the one sees the other.
  private volatile long wallAheadMillis;
  private volatile long wokeNanos;

  /**
   * A watch that begins now.
   *
   * @param wallMillis {@link System#currentTimeMillis()}
   * @param nowNanos {@link System#nanoTime()}
   */
  public SleepDetector(LongSupplier wallMillis, long nowNanos) {
    this.wallMillis = wallMillis;
    this.wokeNanos = nowNanos;
    this.wallAheadMillis = aheadMillis(nowNanos, wallMillis.getAsLong());
  }

  /**
   * Checks the clocks and returns the time when the machine last woke; what was heard before proves
   * nothing.
   */
  long wokeNanos(long nowNanos) {
    return look(nowNanos, wallMillis.getAsLong());
  }

  /** The same with both times handed in. */
  long look(long nowNanos, long nowMillis) {
    long ahead = aheadMillis(nowNanos, nowMillis);
    if (Math.abs(ahead - wallAheadMillis) > DRIFT_MILLIS) {
      moved(nowNanos, ahead);
    }
    return wokeNanos;
  }

  private synchronized void moved(long nowNanos, long ahead) {
    if (ahead - wallAheadMillis > SLEPT_MILLIS) {
      wokeNanos = nowNanos;
    }
    wallAheadMillis = ahead;
  }

  private static long aheadMillis(long nowNanos, long nowMillis) {
    return nowMillis - nowNanos / 1_000_000;
  }
}
