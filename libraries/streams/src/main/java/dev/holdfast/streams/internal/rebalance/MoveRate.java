package dev.holdfast.streams.internal.rebalance;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;

/**
 * The rate at which an instance asks its streams to move: a token bucket that holds a second's
 * worth.
 */
@PureCore
public final class MoveRate {
  @Limit(
      of = "streams of an instance that are asked to move, percent a second",
      then = "the others are asked later; one a second where that is more")
  static final int PERCENT_PER_SECOND = 3;

  private static final double PERCENT = 100;
  private static final double NANOS_PER_SECOND = 1e9;

  private double tokens;
  private long filledNanos;
  private boolean begun;

  /**
   * Takes as many moves as are allowed now.
   *
   * @param streams of the instance
   * @param wanted the most that is of use
   */
  public long take(long nowNanos, long streams, long wanted) {
    double perSecond = Math.max(1, streams * (double) PERCENT_PER_SECOND / PERCENT);
    if (begun) {
      tokens += perSecond * (nowNanos - filledNanos) / NANOS_PER_SECOND;
    }
    begun = true;
    filledNanos = nowNanos;
    tokens = Math.min(tokens, perSecond);
    long taken = Math.max(0, Math.min(wanted, (long) Math.floor(tokens)));
    tokens -= taken;
    return taken;
  }
}
