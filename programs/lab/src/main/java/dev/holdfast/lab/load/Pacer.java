package dev.holdfast.lab.load;

import dev.holdfast.core.annotation.PureCore;

/**
 * The schedule of calls at a constant rate, independent of the outcome of earlier calls.
 *
 * <p>The n-th call is due {@code n / rate} seconds after the start, so a client that was held up
 * does not make fewer calls. A call whose deadline has passed before it could be made is no longer
 * possible; the caller counts it as not issued. Not thread-safe.
 */
@PureCore
public final class Pacer {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  /** The decision about the next call. */
  public enum DueDecision {
    /** The call is not due yet. */
    LATER,
    /** The call is due and must be made now. */
    NOW,
    /** The deadline of the call passed before the call could be made. */
    MISSED
  }

  private final long startNanos;
  private final int ratePerSecond;
  private final long deadlineNanos;
  private long taken;

  /** A schedule of calls without a deadline, of which none is missed. */
  public Pacer(long startNanos, int ratePerSecond) {
    this(startNanos, ratePerSecond, Long.MAX_VALUE);
  }

  /**
   * @param startNanos when the first call is due
   * @param ratePerSecond calls per second, more than zero
   * @param deadlineNanos how long after it is due a call must have been answered
   */
  public Pacer(long startNanos, int ratePerSecond, long deadlineNanos) {
    if (ratePerSecond < 1) {
      throw new IllegalArgumentException("rate: " + ratePerSecond + " (expected: >= 1)");
    }
    this.startNanos = startNanos;
    this.ratePerSecond = ratePerSecond;
    this.deadlineNanos = deadlineNanos;
  }

  /** The time at which the next call is due. */
  public long dueNanos() {
    // In two parts: taken * NANOS_PER_SECOND would overflow after nine thousand million calls.
    long seconds = taken / ratePerSecond;
    long rest = taken % ratePerSecond;
    return startNanos + seconds * NANOS_PER_SECOND + rest * NANOS_PER_SECOND / ratePerSecond;
  }

  /** The verdict on the next call. */
  public DueDecision at(long nowNanos) {
    long lateNanos = nowNanos - dueNanos();
    if (lateNanos < 0) {
      return DueDecision.LATER;
    }
    return lateNanos < deadlineNanos ? DueDecision.NOW : DueDecision.MISSED;
  }

  /** The next call was made or given up; the one after it is next. */
  public void advance() {
    taken++;
  }
}
