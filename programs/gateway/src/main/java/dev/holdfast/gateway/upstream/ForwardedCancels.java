package dev.holdfast.gateway.upstream;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;

/**
 * The count of cancels that were sent over one upstream connection. Many servers treat 200 in 30 s
 * as an attack and close the connection with all its calls, and here the cancels of many clients
 * meet.
 *
 * <p>So a connection that comes near that number is replaced first: each cancel is passed on at
 * once, and no call is cut. If cancels come faster than the replacement, the rest is delayed.
 */
@PureCore
final class ForwardedCancels {
  @Limit(
      of = "calls cancelled over one connection to an upstream in 30 s",
      then = "new calls go over a new connection; this one closes with its last call")
  static final int MAX = 90;

  /** The limit in one window; two windows may fall into one of the upstream's. */
  @Limit(
      of = "cancels sent over one connection to an upstream in 30 s, when it is being replaced",
      then = "further ones are sent when the 30 s are over, or it closes with its last other call")
  static final int MAX_SENT = 99;

  @Limit(of = "time over which the cancels to an upstream are counted", then = "it begins anew")
  static final Duration WINDOW = Duration.ofSeconds(30);

  private long sinceNanos;
  private int sent;

  /**
   * Counts a cancel that is sent.
   *
   * @return whether the connection should be replaced now
   */
  boolean onCancel(long nowNanos) {
    renew(nowNanos);
    if (sent == 0) {
      sinceNanos = nowNanos;
    }
    sent++;
    return sent == MAX;
  }

  /** Whether further cancels should be delayed. */
  boolean isSpent(long nowNanos) {
    renew(nowNanos);
    return sent >= MAX_SENT;
  }

  /** The time until the window ends, in nanoseconds. */
  long leftNanos(long nowNanos) {
    return Math.max(0, WINDOW.toNanos() - (nowNanos - sinceNanos)) + 1;
  }

  private void renew(long nowNanos) {
    if (nowNanos - sinceNanos > WINDOW.toNanos()) {
      sent = 0;
    }
  }
}
