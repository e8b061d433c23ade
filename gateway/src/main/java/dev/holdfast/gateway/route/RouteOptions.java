package dev.holdfast.gateway.route;

import java.time.Duration;
import java.util.Optional;

/**
 * The terms of a route.
 *
 * @param deadline of a call that brings none; zero (default): none
 * @param maxDeadline the longest that a call may have, whatever it brings; zero (default): any
 * @param retry what is tried again
 * @param hashHeader the lower-case name of the header that a ring hash goes by; empty by default
 */
public record RouteOptions(
    Duration deadline, Duration maxDeadline, RetryPolicy retry, Optional<String> hashHeader) {
  /** No deadline of its own, retries of what was certainly not processed. */
  public static final RouteOptions DEFAULT =
      new RouteOptions(Duration.ZERO, Duration.ZERO, RetryPolicy.DEFAULT, Optional.empty());

  public RouteOptions {
    requireNotNegative("deadline", deadline);
    requireNotNegative("maxDeadline", maxDeadline);
  }

  private static void requireNotNegative(String name, Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: >= 0s)");
    }
  }
}
