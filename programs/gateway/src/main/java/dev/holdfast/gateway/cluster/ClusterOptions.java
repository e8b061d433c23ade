package dev.holdfast.gateway.cluster;

import dev.holdfast.gateway.tls.TlsClient;
import java.time.Duration;
import java.util.Optional;

/**
 * The options of a cluster: load balancing, connections, outlier detection, retries and TLS.
 *
 * @param loadBalancing how calls are balanced over the endpoints
 * @param connecting number, time-out and age of connections
 * @param outliers when a failing endpoint gets no calls for a while
 * @param retries the retry budget of its calls
 * @param tls the client side of TLS; empty for plaintext, the default
 */
public record ClusterOptions(
    LoadBalancingOptions loadBalancing,
    ConnectionOptions connecting,
    OutlierOptions outliers,
    RetryBudgetOptions retries,
    Optional<TlsClient> tls) {
  /** The defaults of all options, without TLS. */
  public static final ClusterOptions DEFAULT =
      new ClusterOptions(
          LoadBalancingOptions.DEFAULT,
          ConnectionOptions.DEFAULT,
          OutlierOptions.DEFAULT,
          RetryBudgetOptions.DEFAULT,
          Optional.empty());

  /** The load-balancing policy of the cluster. */
  public ClusterLbPolicy clusterLbPolicy() {
    return loadBalancing.balance();
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

  public ClusterOptions withLoadBalancing(LoadBalancingOptions value) {
    return new ClusterOptions(value, connecting, outliers, retries, tls);
  }

  public ClusterOptions withBalance(ClusterLbPolicy value) {
    return withLoadBalancing(loadBalancing.withBalance(value));
  }

  public ClusterOptions withConnecting(ConnectionOptions value) {
    return new ClusterOptions(loadBalancing, value, outliers, retries, tls);
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
    return new ClusterOptions(loadBalancing, connecting, value, retries, tls);
  }

  public ClusterOptions withRetries(RetryBudgetOptions value) {
    return new ClusterOptions(loadBalancing, connecting, outliers, value, tls);
  }

  /** These options with TLS; its opener closes the TLS client after the cluster. */
  public ClusterOptions withTls(TlsClient value) {
    return new ClusterOptions(loadBalancing, connecting, outliers, retries, Optional.of(value));
  }
}
