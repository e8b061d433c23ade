package dev.holdfast.gateway.cluster;

/**
 * How many more attempts the calls of a cluster may have when an endpoint may have processed the
 * one before: for what a policy repeats, so that a cluster in trouble does not get a multiple of
 * its calls. Counted for each thread of a gateway.
 *
 * @param percent of the calls, on the average; 0 to 400, default 20
 * @param burst at once, after calls that needed none; 0 to 100,000, default 500
 */
public record RetryOptions(int percent, int burst) {
  /** What holds when nothing else is said. */
  public static final RetryOptions DEFAULT = new RetryOptions(20, 500);

  /** Four more attempts for each call, as many as one can have. */
  public static final int MOST_PERCENT = 400;

  /** The most at once. */
  public static final int MOST_BURST = 100_000;

  public RetryOptions {
    require("percent", percent, MOST_PERCENT);
    require("burst", burst, MOST_BURST);
  }

  private static void require(String name, int value, int most) {
    if (value < 0 || value > most) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: 0 to " + most + ")");
    }
  }
}
