package dev.holdfast.grpc;

import java.time.Duration;

/**
 * How long a stopping server takes for each step.
 *
 * @param withdrawWithin how long it waits for its records to be removed before it goes on without;
 *     0 to 1 min, 2 s by default
 * @param spread how long it still takes calls after its records are gone, so that the change
 *     reaches every client first; 0 to 5 min, 1 s by default. Not waited for by a server that has
 *     no record
 * @param grace how long open calls and streams have to end after they were told, before they are
 *     cut; 0 to 1 h, 30 s by default
 */
public record DrainOptions(Duration withdrawWithin, Duration spread, Duration grace) {
  /** As in the description of each value. */
  public static final DrainOptions DEFAULT =
      new DrainOptions(Duration.ofSeconds(2), Duration.ofSeconds(1), Duration.ofSeconds(30));

  /**
   * @throws IllegalArgumentException naming the value and what was expected
   */
  public DrainOptions {
    requireBetween("withdrawWithin", withdrawWithin, Duration.ofMinutes(1));
    requireBetween("spread", spread, Duration.ofMinutes(5));
    requireBetween("grace", grace, Duration.ofHours(1));
  }

  public DrainOptions withWithdrawWithin(Duration value) {
    return new DrainOptions(value, spread, grace);
  }

  public DrainOptions withSpread(Duration value) {
    return new DrainOptions(withdrawWithin, value, grace);
  }

  public DrainOptions withGrace(Duration value) {
    return new DrainOptions(withdrawWithin, spread, value);
  }

  /** The longest a drain can take. */
  public Duration total() {
    return withdrawWithin.plus(spread).plus(grace);
  }

  private static void requireBetween(String name, Duration value, Duration max) {
    if (value.isNegative() || value.compareTo(max) > 0) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: PT0S to " + max + ")");
    }
  }
}
