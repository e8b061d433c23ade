package dev.holdfast.grpc;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.DurationText;
import dev.holdfast.core.Tunable;
import dev.holdfast.core.TunableNumber;
import dev.holdfast.core.TunableText;
import java.time.Duration;
import java.util.List;

/**
 * The limits of the retries of idempotent methods.
 *
 * @param maxAttempts how often a call is sent at most, the first time included; 2 to 10, 4 by
 *     default
 * @param backoff delays before the second retry and later ones; the first one is sent at once, to
 *     another endpoint. 50 ms to 1 s with full jitter by default
 * @param budgetTokens how many retries a channel may send beyond {@code budgetRatio}, and what it
 *     starts with; 1 to 1,000,000, 500 by default
 * @param budgetRatio what a call adds to the budget, so retries are this part of calls in the long
 *     run; 0 to 1, 0.2 by default
 */
public record RetryOptions(
    int maxAttempts, Backoff.BackoffOptions backoff, int budgetTokens, double budgetRatio) {
  private static final TunableNumber MAX_ATTEMPTS =
      new TunableNumber(
          "maxAttempts", 2, 10, 4, "How often a call is sent at most, the first time included.");
  private static final Backoff.BackoffOptions DEFAULT_BACKOFF =
      new Backoff.BackoffOptions(Duration.ofMillis(50), Duration.ofSeconds(1));
  private static final TunableText BACKOFF =
      new TunableText(
          "backoff",
          "base > 0s, cap >= base",
          DurationText.format(DEFAULT_BACKOFF.base())
              + " to "
              + DurationText.format(DEFAULT_BACKOFF.cap()),
          "Delays, with full jitter, before the second retry and later ones; the first is sent at"
              + " once, to another endpoint.");
  private static final TunableNumber BUDGET_TOKENS =
      new TunableNumber(
          "budgetTokens",
          1,
          1_000_000,
          500,
          "How many retries a channel may send beyond budgetRatio, and what it starts with.");
  private static final TunableNumber BUDGET_RATIO =
      new TunableNumber(
          "budgetRatio",
          0,
          1,
          0.2,
          "What a call adds to the budget, so retries are this part of calls in the long run.");

  /** As in the description of each value. */
  public static final RetryOptions DEFAULT =
      new RetryOptions(
          MAX_ATTEMPTS.wholeDefault(),
          DEFAULT_BACKOFF,
          BUDGET_TOKENS.wholeDefault(),
          BUDGET_RATIO.defaultValue());

  /**
   * @throws IllegalArgumentException naming the value and what was expected
   */
  public RetryOptions {
    MAX_ATTEMPTS.require(maxAttempts);
    BUDGET_TOKENS.require(budgetTokens);
    BUDGET_RATIO.require(budgetRatio);
  }

  /** Every value with its range, default and meaning. */
  public static List<Tunable> tunables() {
    return List.of(MAX_ATTEMPTS, BACKOFF, BUDGET_TOKENS, BUDGET_RATIO);
  }
}
