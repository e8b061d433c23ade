package dev.holdfast.gateway.route;

import java.util.List;

/**
 * The destination of a route: one cluster, or several with a share each.
 *
 * @param shares which sum to 100 %
 */
public record RouteTarget(List<RouteClusterWeight> shares) {
  /** The sum of all shares: 100 % in hundredths of a percent. */
  public static final int WHOLE = 10_000;

  /**
   * The share of one cluster in a route's requests.
   *
   * @param hundredths of a percent; 0 to {@value #WHOLE}
   */
  public record RouteClusterWeight(String cluster, int hundredths) {
    public RouteClusterWeight {
      if (hundredths < 0 || hundredths > WHOLE) {
        throw new IllegalArgumentException(
            "hundredths: " + hundredths + " (expected: 0 to " + WHOLE + ")");
      }
    }
  }

  public RouteTarget {
    shares = List.copyOf(shares);
    int sum = shares.stream().mapToInt(RouteClusterWeight::hundredths).sum();
    if (sum != WHOLE) {
      throw new IllegalArgumentException(
          "shares: " + sum + " hundredths of a percent (expected: " + WHOLE + ")");
    }
  }

  /** A target of one cluster. */
  public static RouteTarget to(String cluster) {
    return new RouteTarget(List.of(new RouteClusterWeight(cluster, WHOLE)));
  }
}
