package dev.holdfast.cli.demo.calls;

import dev.holdfast.core.annotation.Limit;
import java.time.Duration;

/**
 * The options of a run of {@code demo}.
 *
 * @param time for how long traffic runs at least
 * @param instances how many there are at the start; 2 to 10
 * @param ratePerSecond calls per second of each client; 1 to 2,000
 */
public record DemoOptions(Duration time, int instances, int ratePerSecond) {
  /** The registry is away for ten of them, and five more steps want to be seen. */
  static final int LEAST_SECONDS = 20;

  @Limit(of = "seconds that `demo` goes on", then = "a larger --seconds is refused")
  public static final int MOST_SECONDS = 86_400;

  public DemoOptions {
    require(
        "seconds",
        time.toSeconds(),
        LEAST_SECONDS,
        MOST_SECONDS,
        ", as the registry alone is away for 10 s of them");
    require("instances", instances, 2, 10, "");
    require("rate", ratePerSecond, 1, 2_000, "");
  }

  /** Calls per second through the gateway. */
  int gatewayRatePerSecond() {
    return Math.max(1, ratePerSecond / 2);
  }

  /**
   * Checks that a number lies within its bounds, both inclusive.
   *
   * @param reason the explanation of the bounds in the message; may be empty
   * @throws IllegalArgumentException when the number is out of bounds
   */
  public static void require(String name, long value, long least, long most, String reason) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: " + least + " to " + most + reason + ")");
    }
  }
}
