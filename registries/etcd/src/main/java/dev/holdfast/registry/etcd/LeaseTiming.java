package dev.holdfast.registry.etcd;

import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;

/**
 * The timing of a lease: when its next keepalive is due, and when the lease counts as lost.
 *
 * <p>The time to live is the granted one, and runs from the time the request was sent, because etcd
 * may have counted from then. A keepalive is due after a third of the time to live, and after a
 * failure at a twelfth of it. A lease without an answer for its whole time to live may have
 * expired, so it is given up then. All times are monotonic nanoseconds.
 */
@PureCore
final class LeaseTiming {

  /** The action that is due at a given time. */
  enum LeaseAction {
    /** No action is due before {@link #nextDeadlineNanos}. */
    NOTHING,
    /** A keepalive has to be sent. */
    KEEP_ALIVE,
    /** The lease has to be given up, because its time to live is over. */
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
  LeaseTiming(long askedAtNanos, Duration ttl) {
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
  void onKeepAliveAnswered(long askedAtNanos, Duration ttl) {
    asking = false;
    renew(askedAtNanos, ttl);
  }

  /** A keepalive was sent; it is either answered or fails. */
  void onKeepAliveSent() {
    asking = true;
  }

  /** Records a failed keepalive; the next one is due after a twelfth of the time to live. */
  void onFailure(long nowNanos) {
    asking = false;
    keepAliveAtNanos = nowNanos + ttlNanos / RETRY_SHARE;
  }

  LeaseAction due(long nowNanos) {
    if (nowNanos - expiresAtNanos >= 0) {
      return LeaseAction.EXPIRED;
    }
    return !asking && nowNanos - keepAliveAtNanos >= 0
        ? LeaseAction.KEEP_ALIVE
        : LeaseAction.NOTHING;
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
