package dev.holdfast.gateway.cluster;

import dev.holdfast.core.annotation.Limit;

/**
 * The retry budget of a cluster for attempts that an endpoint may have processed. It bounds what
 * retry policies add, so that a cluster in trouble does not get a multiple of its calls. Counted
 * per event loop.
 *
 * @param percent of the calls, on average; 0 to 400, default 20
 * @param burst retries at once, after calls that needed none; 0 to 100,000, default 500
 */
public record RetryBudgetOptions(int percent, int burst) {
  /** The default budget: 20 % and a burst of 500. */
  public static final RetryBudgetOptions DEFAULT = new RetryBudgetOptions(20, 500);

  /** The highest percentage: four more attempts for each call, the most that one call can have. */
  @Limit(
      of = "percent of its calls that a cluster's budget for retries adds, at the highest setting",
      then = "a larger number is refused")
  public static final int MOST_PERCENT = 400;

  /** The largest burst that may be configured. */
  @Limit(
      of =
          "retries at once in a cluster's budget, per thread of the gateway, at the highest"
              + " setting",
      then = "a larger number is refused")
  public static final int MOST_BURST = 100_000;

  public RetryBudgetOptions {
    require("percent", percent, MOST_PERCENT);
    require("burst", burst, MOST_BURST);
  }

  private static void require(String name, int value, int most) {
    if (value < 0 || value > most) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: 0 to " + most + ")");
    }
  }
}
