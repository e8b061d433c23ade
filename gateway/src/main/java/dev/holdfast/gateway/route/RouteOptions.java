package dev.holdfast.gateway.route;

import dev.holdfast.gateway.cors.Cors;
import java.time.Duration;
import java.util.Optional;

/**
 * The terms of a route.
 *
 * @param deadline of a call that brings none; zero (default): none
 * @param maxDeadline the longest that a call may have, whatever it brings; zero (default): any
 * @param retry what is tried again
 * @param hashHeader the lower-case name of the header that a ring hash goes by; empty by default
 * @param streamAge after which a call ends with UNAVAILABLE, so that who calls again may meet an
 *     endpoint that came later; zero (default): never, else at least {@link #LEAST_AGE}
 * @param cors which pages may call it from browsers; empty (default): those that may call all
 * @param compress whether translated answers are compressed for who takes that (default)
 */
public record RouteOptions(
    Duration deadline,
    Duration maxDeadline,
    RetryPolicy retry,
    Optional<String> hashHeader,
    Duration streamAge,
    Optional<Cors> cors,
    boolean compress) {
  /** Below it streams would be calls that fail. */
  public static final Duration LEAST_AGE = Duration.ofSeconds(1);

  /** No deadline of its own, retries of what was certainly not processed. */
  public static final RouteOptions DEFAULT =
      new RouteOptions(Duration.ZERO, Duration.ZERO, RetryPolicy.DEFAULT, Optional.empty());

  public RouteOptions {
    requireNotNegative("deadline", deadline);
    requireNotNegative("maxDeadline", maxDeadline);
    if (!streamAge.isZero() && streamAge.compareTo(LEAST_AGE) < 0) {
      throw new IllegalArgumentException(
          "streamAge: " + streamAge + " (expected: 0s or >= " + LEAST_AGE.toSeconds() + "s)");
    }
  }

  /** Terms under which a call may have any age. */
  public RouteOptions(
      Duration deadline, Duration maxDeadline, RetryPolicy retry, Optional<String> hashHeader) {
    this(deadline, maxDeadline, retry, hashHeader, Duration.ZERO, Optional.empty(), true);
  }

  /** The same terms, but calls end at this age. */
  public RouteOptions withStreamAge(Duration age) {
    return new RouteOptions(deadline, maxDeadline, retry, hashHeader, age, cors, compress);
  }

  /** The same terms, for these pages. */
  public RouteOptions withCors(Cors value) {
    return new RouteOptions(
        deadline, maxDeadline, retry, hashHeader, streamAge, Optional.of(value), compress);
  }

  /** The same terms, with translated answers compressed or not. */
  public RouteOptions withCompress(boolean value) {
    return new RouteOptions(deadline, maxDeadline, retry, hashHeader, streamAge, cors, value);
  }

  private static void requireNotNegative(String name, Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: >= 0s)");
    }
  }
}
