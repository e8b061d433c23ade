package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;

/**
 * The limiter of sessions that resume at the same time. In a storm existing sessions go first: new
 * ones wait, and all are asked to spread their next attempts.
 */
@PureCore
final class ResumeRate {
  @Limit(
      of = "resumes in a second beside which new sessions begin",
      then = "new sessions are refused with BUSY, and clients are asked to spread their attempts")
  static final int MAX_QUIET_PER_SECOND = 2_000;

  private static final long SECOND_NANOS = Duration.ofSeconds(1).toNanos();
  private static final Duration LONGEST_SPREAD = Duration.ofSeconds(30);

  private long beganNanos;
  private int before;
  private int now;

  ResumeRate(long nowNanos) {
    beganNanos = nowNanos;
  }

  void onResume(long nowNanos) {
    turn(nowNanos);
    now++;
  }

  boolean isStorm(long nowNanos) {
    return perSecond(nowNanos) > MAX_QUIET_PER_SECOND;
  }

  /** Zero but in a storm; then the longer, the more come back. */
  Duration spread(long nowNanos) {
    long seconds = isStorm(nowNanos) ? perSecond(nowNanos) / MAX_QUIET_PER_SECOND : 0;
    return seconds < LONGEST_SPREAD.toSeconds() ? Duration.ofSeconds(seconds) : LONGEST_SPREAD;
  }

  private int perSecond(long nowNanos) {
    turn(nowNanos);
    return Math.max(before, now);
  }

  private void turn(long nowNanos) {
    long passedNanos = nowNanos - beganNanos;
    if (passedNanos >= SECOND_NANOS) {
      before = passedNanos < 2 * SECOND_NANOS ? now : 0;
      now = 0;
      beganNanos = nowNanos;
    }
  }
}
