package dev.holdfast.gateway.cluster;

import java.time.Duration;

/**
 * The load-balancing options of a cluster.
 *
 * @param balance the policy; least request by default
 * @param zone whose endpoints are preferred while enough of them are healthy; "" (default) for
 *     none. Ignored with ring hash, since equal values would reach different endpoints
 * @param slowStart the time in which a new endpoint's share grows to its full size; zero to 1 h,
 *     default 10 s. Ignored with ring hash
 */
public record LoadBalancingOptions(ClusterLbPolicy balance, String zone, Duration slowStart) {
  private static final Duration LONGEST_START = Duration.ofHours(1);

  /** The default options: least request, no zone, slow start of 10 s. */
  public static final LoadBalancingOptions DEFAULT =
      new LoadBalancingOptions(ClusterLbPolicy.LEAST_REQUEST, "", Duration.ofSeconds(10));

  public LoadBalancingOptions {
    if (slowStart.isNegative() || slowStart.compareTo(LONGEST_START) > 0) {
      throw new IllegalArgumentException("slowStart: " + slowStart + " (expected: 0s to 1h)");
    }
  }

  public LoadBalancingOptions withBalance(ClusterLbPolicy value) {
    return new LoadBalancingOptions(value, zone, slowStart);
  }

  public LoadBalancingOptions withZone(String value) {
    return new LoadBalancingOptions(balance, value, slowStart);
  }

  public LoadBalancingOptions withSlowStart(Duration value) {
    return new LoadBalancingOptions(balance, zone, value);
  }
}
