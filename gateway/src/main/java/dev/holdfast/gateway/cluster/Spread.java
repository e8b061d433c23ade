package dev.holdfast.gateway.cluster;

import java.time.Duration;

/**
 * How calls are spread over the endpoints of a cluster.
 *
 * @param balance who gets the next call; least request by default
 * @param zone whose endpoints come first while enough of them are in good standing; "" (default)
 *     for none. A ring hash knows no zones, or equal values would meet different endpoints
 * @param slowStart in which an endpoint that joins grows into its share; zero to 1 h, default 10 s.
 *     Not with a ring hash
 */
public record Spread(Balance balance, String zone, Duration slowStart) {
  private static final Duration LONGEST_START = Duration.ofHours(1);

  /** What holds when nothing else is said. */
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
