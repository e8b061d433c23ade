package dev.holdfast.gateway.http2;

import dev.holdfast.core.Limit;
import dev.holdfast.core.PureCore;
import java.time.Duration;

/**
 * Judges the resets of one client as a share of its streams: many cancels are legitimate, nothing
 * but cancels is an attack (CVE-2023-44487).
 */
@PureCore
final class ResetShare {
  @Limit(
      of = "resets by one client in 10 s whatever their share of its streams",
      then = "more are judged by their share of its streams")
  static final int FREE_RESETS = 200;

  @Limit(
      of = "resets by one client in percent of its streams, beyond the free ones",
      then = "the connection is closed with ENHANCE_YOUR_CALM")
  static final int MAX_PERCENT = 80;

  @Limit(of = "time over which resets by one client are counted", then = "counting begins anew")
  static final Duration WINDOW = Duration.ofSeconds(10);

  private static final int PERCENT = 100;

  private long sinceNanos;
  private long streams;
  private long resets;

  void onStream() {
    streams++;
  }

  /** Counts one; whether it is one too many. */
  boolean onReset(long nowNanos) {
    if (resets == 0 || nowNanos - sinceNanos > WINDOW.toNanos()) {
      sinceNanos = nowNanos;
      streams = Math.min(streams, 1);
      resets = 0;
    }
    resets++;
    return resets > FREE_RESETS && resets * PERCENT > streams * MAX_PERCENT;
  }
}
