package dev.holdfast.streams.internal.rebalance;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;

/**
 * The rate at which an instance asks its streams to move: a token bucket that holds a second's
 * worth. It begins with one a second and doubles each second, and begins anew after a pause: an
 * instance that has just joined loads classes and compiles with the first streams that reach it.
 */
@PureCore
public final class MoveRate {
  @Limit(
      of = "streams of an instance that are asked to move, percent a second",
      then = "the others are asked later; one a second where that is more")
  static final int PERCENT_PER_SECOND = 3;

  /** Less than the shortest time between two rounds. */
  private static final Duration PAUSE = Duration.ofSeconds(3);

  private static final double FIRST_PER_SECOND = 1;
  private static final double PERCENT = 100;
  private static final double NANOS_PER_SECOND = 1e9;

  private double perSecond = FIRST_PER_SECOND;
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
    long passedNanos = nowNanos - filledNanos;
    if (!begun || passedNanos >= PAUSE.toNanos()) {
      begun = true;
      perSecond = FIRST_PER_SECOND;
      tokens = 0;
    } else {
      double seconds = passedNanos / NANOS_PER_SECOND;
      double most = Math.max(1, streams * (double) PERCENT_PER_SECOND / PERCENT);
      perSecond = Math.min(perSecond, most);
      tokens = Math.min(tokens + perSecond * seconds, most);
      perSecond = Math.min(perSecond * Math.pow(2, seconds), most);
    }
    filledNanos = nowNanos;
    long taken = Math.max(0, Math.min(wanted, (long) Math.floor(tokens)));
    tokens -= taken;
    return taken;
  }
}
