package dev.holdfast.gateway.cluster;

import dev.holdfast.core.annotation.Limit;
import java.time.Duration;

/**
 * The connection options of a cluster.
 *
 * @param most connections to one endpoint per event loop; 1 to 64, default 8
 * @param timeout from connecting to the peer's SETTINGS; at least 10 ms, default 5 s
 * @param age at which a connection gets no new calls and is replaced, with a jitter of 10 % either
 *     way; zero (default) for never, else at least 1 s
 */
public record ConnectionOptions(int most, Duration timeout, Duration age) {
  @Limit(
      of = "connections to one endpoint, for each thread of the gateway, at the highest setting",
      then = "a larger number is refused")
  private static final int MOST_CONNECTIONS = 64;

  private static final Duration LEAST_TIMEOUT = Duration.ofMillis(10);
  private static final Duration LEAST_AGE = Duration.ofSeconds(1);

  /** The default options: 8 connections, 5 s, no age. */
  public static final ConnectionOptions DEFAULT =
      new ConnectionOptions(8, Duration.ofSeconds(5), Duration.ZERO);

  public ConnectionOptions {
    if (most < 1 || most > MOST_CONNECTIONS) {
      throw new IllegalArgumentException(
          "maxConnections: " + most + " (expected: 1 to " + MOST_CONNECTIONS + ")");
    }
    if (timeout.compareTo(LEAST_TIMEOUT) < 0) {
      throw new IllegalArgumentException("connectTimeout: " + timeout + " (expected: >= 10ms)");
    }
    if (!age.isZero() && age.compareTo(LEAST_AGE) < 0) {
      throw new IllegalArgumentException("connectionAge: " + age + " (expected: 0s or >= 1s)");
    }
  }

  ConnectionOptions withMost(int value) {
    return new ConnectionOptions(value, timeout, age);
  }

  ConnectionOptions withTimeout(Duration value) {
    return new ConnectionOptions(most, value, age);
  }

  ConnectionOptions withAge(Duration value) {
    return new ConnectionOptions(most, timeout, value);
  }
}
