package dev.holdfast.gateway.route;

import dev.holdfast.gateway.cors.CorsPolicy;
import java.time.Duration;
import java.util.Optional;

/**
 * The options of a route.
 *
 * @param deadline of a call without one; zero (default) for none
 * @param maxDeadline the longest deadline of a call; zero (default) for no limit
 * @param retry the retry policy
 * @param hashHeader the lower-case name of the header for ring hash; empty by default
 * @param streamAge the longest duration of a call, which then ends with UNAVAILABLE, so that a new
 *     call may reach a newer endpoint; zero (default) for none, else at least {@link #LEAST_AGE}
 * @param cors the origins that may call the route from browsers; empty (default) for those that may
 *     call all routes
 * @param compress whether transcoded responses are compressed for clients that accept it; true by
 *     default
 * @param resume how streams to browsers are resumed after a cut; empty (default) for not at all
 */
public record RouteOptions(
    Duration deadline,
    Duration maxDeadline,
    RetryPolicy retry,
    Optional<String> hashHeader,
    Duration streamAge,
    Optional<CorsPolicy> cors,
    boolean compress,
    Optional<ResumePolicy> resume) {
  /** The shortest streamAge: below it, streams would in effect be failing calls. */
  public static final Duration LEAST_AGE = Duration.ofSeconds(1);

  /** The default options: no deadline, and retries only of what was certainly not processed. */
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

  /** Options without a limit of a call's duration. */
  public RouteOptions(
      Duration deadline, Duration maxDeadline, RetryPolicy retry, Optional<String> hashHeader) {
    this(
        deadline,
        maxDeadline,
        retry,
        hashHeader,
        Duration.ZERO,
        Optional.empty(),
        true,
        Optional.empty());
  }

  /** These options with a limit of a call's duration. */
  public RouteOptions withStreamAge(Duration age) {
    return new RouteOptions(deadline, maxDeadline, retry, hashHeader, age, cors, compress, resume);
  }

  /** These options with other CORS origins. */
  public RouteOptions withCors(CorsPolicy value) {
    return new RouteOptions(
        deadline, maxDeadline, retry, hashHeader, streamAge, Optional.of(value), compress, resume);
  }

  /** These options with compression of transcoded responses on or off. */
  public RouteOptions withCompress(boolean value) {
    return new RouteOptions(
        deadline, maxDeadline, retry, hashHeader, streamAge, cors, value, resume);
  }

  /** These options with streams that can be resumed. */
  public RouteOptions withResume(ResumePolicy value) {
    return new RouteOptions(
        deadline, maxDeadline, retry, hashHeader, streamAge, cors, compress, Optional.of(value));
  }

  private static void requireNotNegative(String name, Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: >= 0s)");
    }
  }
}
