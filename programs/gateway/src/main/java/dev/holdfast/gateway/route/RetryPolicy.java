package dev.holdfast.gateway.route;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import java.util.Set;

/**
 * The retry policy of a route.
 *
 * @param attempts at most, the first included; 1 to {@value #MAX_ATTEMPTS}, default {@value
 *     #MAX_ATTEMPTS}
 * @param idempotent whether a call is retried even if its endpoint may have processed it, as long
 *     as no part of the response arrived, or if the endpoint asks for it by {@code
 *     grpc-retry-pushback-ms} (gRFC A6); default false
 * @param statuses of trailers-only responses that are retried, after a backoff or the endpoint's
 *     pushback; never OK, none by default
 */
public record RetryPolicy(int attempts, boolean idempotent, Set<GrpcStatusCode> statuses) {
  /** The highest number of attempts of one call. */
  @Limit(of = "attempts of one call through the gateway", then = "the last failure is the answer")
  public static final int MAX_ATTEMPTS = 5;

  /**
   * The default policy, which retries only what was certainly not processed: refused streams,
   * streams above GOAWAY's last stream, and requests that were never sent.
   */
  public static final RetryPolicy DEFAULT = new RetryPolicy(MAX_ATTEMPTS, false, Set.of());

  public RetryPolicy {
    if (attempts < 1 || attempts > MAX_ATTEMPTS) {
      throw new IllegalArgumentException(
          "attempts: " + attempts + " (expected: 1 to " + MAX_ATTEMPTS + ")");
    }
    statuses = Set.copyOf(statuses);
    if (statuses.contains(GrpcStatusCode.OK)) {
      throw new IllegalArgumentException("statuses: OK (expected: statuses of failures)");
    }
  }

  /** Whether a response may lead to another attempt. */
  public boolean retriesOnStatus() {
    return idempotent || !statuses.isEmpty();
  }
}
