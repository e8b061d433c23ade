package dev.holdfast.grpc;

import dev.holdfast.core.Backoff;
import java.time.Duration;

/**
 * Bounds of the retries of idempotent methods.
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
    int maxAttempts, Backoff.Options backoff, int budgetTokens, double budgetRatio) {
  /** As in the description of each value. */
  public static final RetryOptions DEFAULT =
      new RetryOptions(
          4, new Backoff.Options(Duration.ofMillis(50), Duration.ofSeconds(1)), 500, 0.2);

  private static final int LEAST_ATTEMPTS = 2;
  private static final int MOST_ATTEMPTS = 10;
  private static final int MOST_TOKENS = 1_000_000;

  /**
   * @throws IllegalArgumentException naming the value and what was expected
   */
  public RetryOptions {
    if (maxAttempts < LEAST_ATTEMPTS || maxAttempts > MOST_ATTEMPTS) {
      throw new IllegalArgumentException("maxAttempts: " + maxAttempts + " (expected: 2 to 10)");
    }
    if (budgetTokens < 1 || budgetTokens > MOST_TOKENS) {
      throw new IllegalArgumentException(
          "budgetTokens: " + budgetTokens + " (expected: 1 to 1000000)");
    }
    if (!(budgetRatio >= 0 && budgetRatio <= 1)) {
      throw new IllegalArgumentException("budgetRatio: " + budgetRatio + " (expected: 0 to 1)");
    }
  }
}
