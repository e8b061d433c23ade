package dev.holdfast.gateway.cluster;

import dev.holdfast.gateway.tls.TlsClient;
import java.time.Duration;
import java.util.Optional;

/**
 * How a cluster's endpoints are chosen and connected.
 *
 * @param spread who gets the next call
 * @param connecting how many connections there are, and for how long
 * @param outliers when an endpoint that fails gets no calls for a while
 * @param retries how many more attempts its calls may have in all
 * @param tls what connections speak TLS with; empty for plaintext, the default
 */
public record ClusterOptions(
    Spread spread,
    Connecting connecting,
    OutlierOptions outliers,
    RetryOptions retries,
    Optional<TlsClient> tls) {
  /** What is right for a service nobody described. */
  public static final ClusterOptions DEFAULT =
      new ClusterOptions(
          Spread.DEFAULT,
          Connecting.DEFAULT,
          OutlierOptions.DEFAULT,
          RetryOptions.DEFAULT,
          Optional.empty());

  /** Who gets the next call. */
  public Balance balance() {
    return spread.balance();
  }

  /** To one endpoint from one thread of the gateway. */
  public int maxConnections() {
    return connecting.most();
  }

  /** From the first packet to the peer's SETTINGS. */
  public Duration connectTimeout() {
    return connecting.timeout();
  }

  /** After which another connection takes the place of one; zero for any. */
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

  /** With TLS, which whoever opened it closes after the cluster. */
  public ClusterOptions withTls(TlsClient value) {
    return new ClusterOptions(spread, connecting, outliers, retries, Optional.of(value));
  }
}
