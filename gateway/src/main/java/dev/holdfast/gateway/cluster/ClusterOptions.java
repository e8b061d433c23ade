package dev.holdfast.gateway.cluster;

import java.time.Duration;

/**
 * How a cluster's endpoints are chosen and connected.
 *
 * @param balance who gets the next call; default {@link Balance#LEAST_REQUEST}
 * @param maxConnections to one endpoint from one thread of the gateway; 1 to 64, default 8
 * @param connectTimeout from the first packet to the peer's SETTINGS; at least 10 ms, default 5 s
 */
public record ClusterOptions(Balance balance, int maxConnections, Duration connectTimeout) {
  private static final int MOST_CONNECTIONS = 64;
  private static final Duration LEAST_TIMEOUT = Duration.ofMillis(10);

  /** What is right for a service nobody described. */
  public static final ClusterOptions DEFAULT =
      new ClusterOptions(Balance.LEAST_REQUEST, 8, Duration.ofSeconds(5));

  public ClusterOptions {
    if (maxConnections < 1 || maxConnections > MOST_CONNECTIONS) {
      throw new IllegalArgumentException(
          "maxConnections: " + maxConnections + " (expected: 1 to " + MOST_CONNECTIONS + ")");
    }
    if (connectTimeout.compareTo(LEAST_TIMEOUT) < 0) {
      throw new IllegalArgumentException(
          "connectTimeout: " + connectTimeout + " (expected: >= 10ms)");
    }
  }

  public ClusterOptions withBalance(Balance value) {
    return new ClusterOptions(value, maxConnections, connectTimeout);
  }
}
