package dev.holdfast.gateway.route;

import dev.holdfast.core.Limit;

/**
 * How often a call is tried, and what of it may be tried again.
 *
 * @param attempts at most, the first included; 1 to {@value #MAX_ATTEMPTS}, default {@value
 *     #MAX_ATTEMPTS}
 * @param idempotent whether a call may also be tried again when its endpoint may have processed it,
 *     as long as nothing of the answer was seen; default false
 */
public record RetryPolicy(int attempts, boolean idempotent) {
  /** The most attempts that one call has. */
  @Limit(of = "attempts of one call through the gateway", then = "the last failure is the answer")
  public static final int MAX_ATTEMPTS = 5;

  /** Only what was certainly not processed: refused, above GOAWAY's last stream, never sent. */
  public static final RetryPolicy DEFAULT = new RetryPolicy(MAX_ATTEMPTS, false);

  public RetryPolicy {
    if (attempts < 1 || attempts > MAX_ATTEMPTS) {
      throw new IllegalArgumentException(
          "attempts: " + attempts + " (expected: 1 to " + MAX_ATTEMPTS + ")");
    }
  }
}
