package dev.holdfast.gateway.http2;

import dev.holdfast.core.Limit;
import dev.holdfast.core.PureCore;
import java.time.Duration;

/**
 * Counts the cancels that were sent over one connection to an upstream. Many servers take 200 in 30
 * s for an attack and end the connection with all its calls; here those of many clients meet. So a
 * connection that comes near is replaced before: each cancel is passed on at once, and no call is
 * cut.
 */
@PureCore
final class ForwardedCancels {
  @Limit(
      of = "calls cancelled over one connection to an upstream in 30 s",
      then = "new calls go over a new connection; this one closes with its last call")
  static final int MAX = 90;

  @Limit(of = "time over which the cancels to an upstream are counted", then = "it begins anew")
  static final Duration WINDOW = Duration.ofSeconds(30);

  private long sinceNanos;
  private int sent;

  /** A call is cancelled; whether the connection should be replaced now. */
  boolean onCancel(long nowNanos) {
    if (sent == 0 || nowNanos - sinceNanos > WINDOW.toNanos()) {
      sinceNanos = nowNanos;
      sent = 0;
    }
    sent++;
    return sent == MAX;
  }
}
