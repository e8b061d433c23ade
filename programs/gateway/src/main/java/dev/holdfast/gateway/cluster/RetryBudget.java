package dev.holdfast.gateway.cluster;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;

/**
 * The retry budget of a cluster on one event loop, beside the retry policy of each call. Every call
 * adds a fraction of an attempt, and every retry takes one. The balance is limited to a burst, and
 * begins at it.
 *
 * <p>Attempts that were certainly not processed have a budget of their own, of one more attempt per
 * call. They cost an endpoint next to nothing, and without them each restart of an endpoint would
 * fail calls. But an endpoint that refuses all its streams should not get five for one.
 *
 * <p>Failures to connect are not counted: nothing was sent, and the backoff limits them.
 */
@PureCore
public final class RetryBudget {
  @Limit(
      of = "percent of calls that are tried again because an endpoint refused them unprocessed",
      then = "with the burst spent, the client is told that the call was refused")
  static final int UNPROCESSED_PERCENT = 100;

  @Limit(
      of = "attempts at once after refusals of endpoints, for each cluster and thread",
      then = "one more for each call that comes")
  static final int UNPROCESSED_BURST = 1_000;

  private final Bucket repeated;
  private final Bucket unprocessed =
      new Bucket(new RetryBudgetOptions(UNPROCESSED_PERCENT, UNPROCESSED_BURST));

  RetryBudget(RetryBudgetOptions options) {
    this.repeated = new Bucket(options);
  }

  /** Adds the fraction of a call that has its first attempt. */
  public void onCall() {
    repeated.add();
    unprocessed.add();
  }

  /**
   * Takes an attempt that follows one that may have been processed.
   *
   * @return false when the budget is used up
   */
  public boolean tryRetry() {
    return repeated.take();
  }

  /**
   * Takes an attempt that follows one that was certainly not processed.
   *
   * @return false when the budget is used up
   */
  public boolean tryTransparentRetry() {
    return unprocessed.take();
  }

  /** A token bucket in hundredths of an attempt; each call adds as many as the percentage. */
  private static final class Bucket {
    private static final int WHOLE = 100;

    private final int percent;
    private final int most;
    private int parts;

    Bucket(RetryBudgetOptions options) {
      this.percent = options.percent();
      int one = percent == 0 ? 0 : Math.max(percent, WHOLE);
      this.most = Math.max(options.burst() * WHOLE, one);
      this.parts = options.burst() * WHOLE;
    }

    void add() {
      if (parts < most) {
        parts = Math.min(most, parts + percent);
      }
    }

    boolean take() {
      boolean enough = parts >= WHOLE;
      parts -= enough ? WHOLE : 0;
      return enough;
    }
  }
}
