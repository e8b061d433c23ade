package dev.holdfast.gateway.cluster;

import dev.holdfast.core.annotation.Limit;
import java.time.Duration;

/**
 * The options of outlier detection: when a failing endpoint gets no calls for a while.
 *
 * @param faults consecutive faults that eject an endpoint; 0 (never) to 1,000, default 5
 * @param within the time in which they must occur; 1 s to 1 h, default 30 s
 * @param ejection the time of the first ejection; 100 ms to 5 min, default 10 s. Doubles each time
 *     that the endpoint fails again on its return
 * @param mostPercent of the endpoints that may be ejected at once; 0 to 100, default 50. One
 *     endpoint always stays
 */
public record OutlierOptions(int faults, Duration within, Duration ejection, int mostPercent) {
  /** The longest time of an ejection. */
  @Limit(
      of = "time that a failing endpoint of the gateway gets no calls",
      then = "it is tried with a call; one more fault leaves it out again")
  public static final Duration LONGEST_EJECTION = Duration.ofMinutes(5);

  /** The default options: 5 faults within 30 s eject for 10 s, at most half of the endpoints. */
  public static final OutlierOptions DEFAULT =
      new OutlierOptions(5, Duration.ofSeconds(30), Duration.ofSeconds(10), 50);

  @Limit(
      of = "faults in a row until an endpoint of the gateway gets no calls, at the highest setting",
      then = "a larger number is refused")
  private static final int MOST_FAULTS = 1_000;

  private static final int WHOLE = 100;

  public OutlierOptions {
    require("faults", faults, faults >= 0 && faults <= MOST_FAULTS, "0 to 1000");
    require(
        "within",
        within,
        within.compareTo(Duration.ofSeconds(1)) >= 0 && within.compareTo(Duration.ofHours(1)) <= 0,
        "1s to 1h");
    require(
        "ejection",
        ejection,
        ejection.compareTo(Duration.ofMillis(100)) >= 0
            && ejection.compareTo(LONGEST_EJECTION) <= 0,
        "100ms to 5m");
    require("mostPercent", mostPercent, mostPercent >= 0 && mostPercent <= WHOLE, "0 to 100");
  }

  /**
   * The number of endpoints that may be ejected at once.
   *
   * @param endpoints in the cluster
   */
  int most(int endpoints) {
    return Math.min(endpoints - 1, endpoints * mostPercent / WHOLE);
  }

  private static void require(String name, Object value, boolean fits, String expected) {
    if (!fits) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: " + expected + ")");
    }
  }
}
