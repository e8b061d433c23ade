package dev.holdfast.gateway.route;

import java.util.List;

/**
 * Where the requests of a route go: to one cluster, or divided among several.
 *
 * @param shares which make 100% together
 */
public record RouteTarget(List<Share> shares) {
  /** Hundredths of a percent in all. */
  public static final int WHOLE = 10_000;

  /**
   * What one cluster gets.
   *
   * @param hundredths of a percent; 0 to {@value #WHOLE}
   */
  public record Share(String cluster, int hundredths) {
    public Share {
      if (hundredths < 0 || hundredths > WHOLE) {
        throw new IllegalArgumentException(
            "hundredths: " + hundredths + " (expected: 0 to " + WHOLE + ")");
      }
    }
  }

  public RouteTarget {
    shares = List.copyOf(shares);
    int sum = shares.stream().mapToInt(Share::hundredths).sum();
    if (sum != WHOLE) {
      throw new IllegalArgumentException(
          "shares: " + sum + " hundredths of a percent (expected: " + WHOLE + ")");
    }
  }

  /** All to one. */
  public static RouteTarget to(String cluster) {
    return new RouteTarget(List.of(new Share(cluster, WHOLE)));
  }
}
