package dev.holdfast.gateway.cluster;

import dev.holdfast.gateway.tls.TlsClient;
import java.time.Duration;
import java.util.Optional;

/**
 * How a cluster's endpoints are chosen and connected.
 *
 * @param spread who gets the next call
 * @param maxConnections to one endpoint from one thread of the gateway; 1 to 64, default 8
 * @param connectTimeout from the first packet to the peer's SETTINGS; at least 10 ms, default 5 s
 * @param connectionAge after which a connection gets no new calls and another takes its place,
 *     between 90 and 110 % of it; zero (default) for any, else at least 1 s
 * @param outliers when an endpoint that fails gets no calls for a while
 * @param tls what connections speak TLS with; empty for plaintext, the default
 */
public record ClusterOptions(
    Spread spread,
    int maxConnections,
    Duration connectTimeout,
    Duration connectionAge,
    OutlierOptions outliers,
    Optional<TlsClient> tls) {
  private static final int MOST_CONNECTIONS = 64;
  private static final Duration LEAST_TIMEOUT = Duration.ofMillis(10);
  private static final Duration LEAST_AGE = Duration.ofSeconds(1);

  /** What is right for a service nobody described. */
  public static final ClusterOptions DEFAULT =
      new ClusterOptions(
          Spread.DEFAULT, 8, Duration.ofSeconds(5), Duration.ZERO, OutlierOptions.DEFAULT);

  public ClusterOptions {
    if (maxConnections < 1 || maxConnections > MOST_CONNECTIONS) {
      throw new IllegalArgumentException(
          "maxConnections: " + maxConnections + " (expected: 1 to " + MOST_CONNECTIONS + ")");
    }
    if (connectTimeout.compareTo(LEAST_TIMEOUT) < 0) {
      throw new IllegalArgumentException(
          "connectTimeout: " + connectTimeout + " (expected: >= 10ms)");
    }
    if (!connectionAge.isZero() && connectionAge.compareTo(LEAST_AGE) < 0) {
      throw new IllegalArgumentException(
          "connectionAge: " + connectionAge + " (expected: 0s or >= 1s)");
    }
  }

  /** Who gets the next call. */
  public Balance balance() {
    return spread.balance();
  }

  public ClusterOptions withSpread(Spread value) {
    return new ClusterOptions(value, maxConnections, connectTimeout, connectionAge, outliers, tls);
  }

  /** In plaintext. */
  public ClusterOptions(
      Spread spread,
      int maxConnections,
      Duration connectTimeout,
      Duration connectionAge,
      OutlierOptions outliers) {
    this(spread, maxConnections, connectTimeout, connectionAge, outliers, Optional.empty());
  }

  public ClusterOptions withBalance(Balance value) {
    return withSpread(spread.withBalance(value));
  }

  public ClusterOptions withMaxConnections(int value) {
    return new ClusterOptions(spread, value, connectTimeout, connectionAge, outliers, tls);
  }

  public ClusterOptions withConnectTimeout(Duration value) {
    return new ClusterOptions(spread, maxConnections, value, connectionAge, outliers, tls);
  }

  public ClusterOptions withConnectionAge(Duration value) {
    return new ClusterOptions(spread, maxConnections, connectTimeout, value, outliers, tls);
  }

  public ClusterOptions withOutliers(OutlierOptions value) {
    return new ClusterOptions(spread, maxConnections, connectTimeout, connectionAge, value, tls);
  }

  /** With TLS, which whoever opened it closes after the cluster. */
  public ClusterOptions withTls(TlsClient value) {
    return new ClusterOptions(
        spread, maxConnections, connectTimeout, connectionAge, outliers, Optional.of(value));
  }
}
