package dev.holdfast.gateway.cluster;

import dev.holdfast.gateway.tls.TlsClient;
import java.time.Duration;
import java.util.Optional;

/**
 * The options of a cluster: load balancing, connections, outlier detection, retries and TLS.
 *
 * @param spread how calls are balanced over the endpoints
 * @param connecting number, time-out and age of connections
 * @param outliers when a failing endpoint gets no calls for a while
 * @param retries the retry budget of its calls
 * @param tls the client side of TLS; empty for plaintext, the default
 */
public record ClusterOptions(
    Spread spread,
    Connecting connecting,
    OutlierOptions outliers,
    RetryOptions retries,
    Optional<TlsClient> tls) {
  /** The defaults of all options, without TLS. */
  public static final ClusterOptions DEFAULT =
      new ClusterOptions(
          Spread.DEFAULT,
          Connecting.DEFAULT,
          OutlierOptions.DEFAULT,
          RetryOptions.DEFAULT,
          Optional.empty());

  /** The load-balancing policy of the cluster. */
  public Balance balance() {
    return spread.balance();
  }

  /** The most connections to one endpoint per event loop. */
  public int maxConnections() {
    return connecting.most();
  }

  /** The longest time from connecting to the peer's SETTINGS. */
  public Duration connectTimeout() {
    return connecting.timeout();
  }

  /** The age at which a connection is replaced by another; zero for never. */
  public Duration connectionAge() {
    return connecting.age();
  }

  public ClusterOptions withSpread(Spread value) {
    return new ClusterOptions(value, connecting, outliers, retries, tls);
  }

  public ClusterOptions withBalance(Balance value) {
    return withSpread(spread.withBalance(value));
  }

  public ClusterOptions withConnecting(Connecting value) {
    return new ClusterOptions(spread, value, outliers, retries, tls);
  }

  public ClusterOptions withMaxConnections(int value) {
    return withConnecting(connecting.withMost(value));
  }

  public ClusterOptions withConnectTimeout(Duration value) {
    return withConnecting(connecting.withTimeout(value));
  }

  public ClusterOptions withConnectionAge(Duration value) {
    return withConnecting(connecting.withAge(value));
  }

  public ClusterOptions withOutliers(OutlierOptions value) {
    return new ClusterOptions(spread, connecting, value, retries, tls);
  }

  public ClusterOptions withRetries(RetryOptions value) {
    return new ClusterOptions(spread, connecting, outliers, value, tls);
  }

  /** These options with TLS; its opener closes the TLS client after the cluster. */
  public ClusterOptions withTls(TlsClient value) {
    return new ClusterOptions(spread, connecting, outliers, retries, Optional.of(value));
  }
}
