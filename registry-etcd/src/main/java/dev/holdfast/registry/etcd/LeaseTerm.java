package dev.holdfast.registry.etcd;

import dev.holdfast.core.PureCore;
import java.time.Duration;

/**
 * When a lease must be kept alive, and when it must be taken for lost.
 *
 * <p>The time to live is what was granted, not what was asked for, and it runs from when the
 * question was sent: etcd may have counted from then. It is kept alive at a third of it, and after
 * a failure at a twelfth. A lease that was not answered for its whole time may be gone, so it is
 * given up then, by the monotonic clock.
 */
@PureCore
final class LeaseTerm {

  /** What is to be done at a moment. */
  enum Due {
    /** Wait until {@link #nextDeadlineNanos}. */
    NOTHING,
    /** Ask for more time. */
    KEEP_ALIVE,
    /** Too late: give the lease up. */
    EXPIRED
  }

  private static final int KEEP_ALIVE_SHARE = 3;
  private static final int RETRY_SHARE = 12;

  private long ttlNanos;
  private long expiresAtNanos;
  private long keepAliveAtNanos;
  private boolean asking;

  /**
   * @param askedAtNanos when the lease was asked for
   * @param ttl what was granted
   */
  LeaseTerm(long askedAtNanos, Duration ttl) {
    renew(askedAtNanos, ttl);
  }

  /**
   * How long a keepalive may stay unanswered so that another one still saves a lease: it is sent
   * when a third of the lease is over, a twelfth passes before the next one, and a twelfth is left
   * for the answer to that.
   */
  static Duration longestSilence(Duration ttl) {
    int shares = RETRY_SHARE - RETRY_SHARE / KEEP_ALIVE_SHARE - 2;
    return ttl.multipliedBy(shares).dividedBy(RETRY_SHARE);
  }

  /** A keepalive that was sent then was answered with this time to live. */
  void onAnswer(long askedAtNanos, Duration ttl) {
    asking = false;
    renew(askedAtNanos, ttl);
  }

  /** A keepalive was sent; it is either answered or fails. */
  void onAsked() {
    asking = true;
  }

  /** A keepalive failed. */
  void onFailure(long nowNanos) {
    asking = false;
    keepAliveAtNanos = nowNanos + ttlNanos / RETRY_SHARE;
  }

  Due due(long nowNanos) {
    if (nowNanos - expiresAtNanos >= 0) {
      return Due.EXPIRED;
    }
    return !asking && nowNanos - keepAliveAtNanos >= 0 ? Due.KEEP_ALIVE : Due.NOTHING;
  }

  /** When {@link #due} may next say something else. */
  long nextDeadlineNanos() {
    return asking || keepAliveAtNanos - expiresAtNanos > 0 ? expiresAtNanos : keepAliveAtNanos;
  }

  /** How long a keepalive sent now may take and still be of use. */
  Duration left(long nowNanos) {
    return Duration.ofNanos(expiresAtNanos - nowNanos);
  }

  private void renew(long askedAtNanos, Duration ttl) {
    ttlNanos = ttl.toNanos();
    expiresAtNanos = askedAtNanos + ttlNanos;
    keepAliveAtNanos = askedAtNanos + ttlNanos / KEEP_ALIVE_SHARE;
  }
}
