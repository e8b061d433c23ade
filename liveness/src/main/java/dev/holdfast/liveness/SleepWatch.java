package dev.holdfast.liveness;

import dev.holdfast.core.PureCore;
import java.util.function.LongSupplier;

/**
 * Notices that the machine slept: on Linux and macOS the clock of {@link System#nanoTime()} stands
 * still meanwhile and the wall clock does not, so that after waking the wall clock is ahead.
 *
 * <p>A wall clock that was set forward looks the same and costs each connection one proof of life;
 * one that was set back changes nothing. What a clock drifts by between two looks is forgotten.
 * Thread-safe; a look costs the reading of the wall clock.
 */
@PureCore
public final class SleepWatch {
  /** The wall clock gained more than this: the machine slept, and paths may have forgotten it. */
  static final long SLEPT_MILLIS = 5_000;

  /** What two readings differ by without a meaning; more, and the next look compares with this. */
  private static final long DRIFT_MILLIS = 500;

  private final LongSupplier wallMillis;
  // Written after wokeNanos and read before it, so that whoever sees the one sees the other.
  private volatile long wallAheadMillis;
  private volatile long wokeNanos;

  /**
   * A watch that begins now.
   *
   * @param wallMillis {@link System#currentTimeMillis()}
   * @param nowNanos {@link System#nanoTime()}
   */
  public SleepWatch(LongSupplier wallMillis, long nowNanos) {
    this.wallMillis = wallMillis;
    this.wokeNanos = nowNanos;
    this.wallAheadMillis = aheadMillis(nowNanos, wallMillis.getAsLong());
  }

  /** Looks, and tells when the machine last woke; what was heard before proves nothing. */
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
