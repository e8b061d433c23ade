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
public record Spread(Balance balance, String zone, Duration slowStart) {
  private static final Duration LONGEST_START = Duration.ofHours(1);

  /** The default options: least request, no zone, slow start of 10 s. */
  public static final Spread DEFAULT =
      new Spread(Balance.LEAST_REQUEST, "", Duration.ofSeconds(10));

  public Spread {
    if (slowStart.isNegative() || slowStart.compareTo(LONGEST_START) > 0) {
      throw new IllegalArgumentException("slowStart: " + slowStart + " (expected: 0s to 1h)");
    }
  }

  public Spread withBalance(Balance value) {
    return new Spread(value, zone, slowStart);
  }

  public Spread withZone(String value) {
    return new Spread(balance, value, slowStart);
  }

  public Spread withSlowStart(Duration value) {
    return new Spread(balance, zone, value);
  }
}
