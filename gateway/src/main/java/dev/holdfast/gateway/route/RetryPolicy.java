package dev.holdfast.gateway.route;

import dev.holdfast.core.Limit;
import dev.holdfast.transcoding.http.StatusCode;
import java.util.Set;

/**
 * How often a call is tried, and what of it may be tried again.
 *
 * @param attempts at most, the first included; 1 to {@value #MAX_ATTEMPTS}, default {@value
 *     #MAX_ATTEMPTS}
 * @param idempotent whether a call may also be tried again when its endpoint may have processed it,
 *     as long as nothing of the answer was seen, or when the endpoint asks for it by {@code
 *     grpc-retry-pushback-ms} (gRFC A6); default false
 * @param statuses of answers without a message that are tried again after a growing pause, or the
 *     one that the endpoint asks for; never OK, none by default
 */
public record RetryPolicy(int attempts, boolean idempotent, Set<StatusCode> statuses) {
  /** The most attempts that one call has. */
  @Limit(of = "attempts of one call through the gateway", then = "the last failure is the answer")
  public static final int MAX_ATTEMPTS = 5;

  /** Only what was certainly not processed: refused, above GOAWAY's last stream, never sent. */
  public static final RetryPolicy DEFAULT = new RetryPolicy(MAX_ATTEMPTS, false, Set.of());

  public RetryPolicy {
    if (attempts < 1 || attempts > MAX_ATTEMPTS) {
      throw new IllegalArgumentException(
          "attempts: " + attempts + " (expected: 1 to " + MAX_ATTEMPTS + ")");
    }
    statuses = Set.copyOf(statuses);
    if (statuses.contains(StatusCode.OK)) {
      throw new IllegalArgumentException("statuses: OK (expected: statuses of failures)");
    }
  }

  /** Whether answers of an endpoint may lead to another attempt at all. */
  public boolean looksAtAnswers() {
    return idempotent || !statuses.isEmpty();
  }
}
