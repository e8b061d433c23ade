package dev.holdfast.grpc;

import dev.holdfast.core.Tunable;
import dev.holdfast.core.TunableDuration;
import java.time.Duration;
import java.util.List;

/**
 * The time limits of the steps of a server's shutdown.
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
  private static final TunableDuration WITHDRAW_WITHIN =
      new TunableDuration(
          "withdrawWithin",
          Duration.ZERO,
          Duration.ofMinutes(1),
          Duration.ofSeconds(2),
          "How long a stopping server waits for its records to be removed before it goes on"
              + " without.");
  private static final TunableDuration SPREAD =
      new TunableDuration(
          "spread",
          Duration.ZERO,
          Duration.ofMinutes(5),
          Duration.ofSeconds(1),
          "How long it still takes calls after its records are gone, so that the change reaches"
              + " every client first. Not waited for by a server that has no record.");
  private static final TunableDuration GRACE =
      new TunableDuration(
          "grace",
          Duration.ZERO,
          Duration.ofHours(1),
          Duration.ofSeconds(30),
          "How long open calls and streams have to end after they were told, before they are cut.");

  /** As in the description of each value. */
  public static final DrainOptions DEFAULT =
      new DrainOptions(WITHDRAW_WITHIN.defaultValue(), SPREAD.defaultValue(), GRACE.defaultValue());

  /**
   * @throws IllegalArgumentException naming the value and what was expected
   */
  public DrainOptions {
    WITHDRAW_WITHIN.require(withdrawWithin);
    SPREAD.require(spread);
    GRACE.require(grace);
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

  /** Every value with its range, default and meaning. */
  public static List<Tunable> tunables() {
    return List.of(WITHDRAW_WITHIN, SPREAD, GRACE);
  }
}
