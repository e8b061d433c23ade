package dev.holdfast.gateway.cluster;

import dev.holdfast.core.Limit;
import dev.holdfast.core.PureCore;

/**
 * How many more attempts the calls of one cluster on one loop may have, beside the bound of each
 * call. Every call puts in a part of an attempt, every further attempt takes one; what is put in is
 * kept up to a burst, and it is full at first.
 *
 * <p>Attempts that nobody can have processed are not held back with those that a policy repeats:
 * they cost an endpoint next to nothing, and without them each restart of an endpoint would fail
 * calls. But an endpoint that refuses all its streams should not get five for one, so they have a
 * budget of their own, of one more attempt for each call. Failures to connect are not counted:
 * nothing was sent, and pauses bound them.
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
      new Bucket(new RetryOptions(UNPROCESSED_PERCENT, UNPROCESSED_BURST));

  RetryBudget(RetryOptions options) {
    this.repeated = new Bucket(options);
  }

  /** A call has its first attempt. */
  public void onCall() {
    repeated.add();
    unprocessed.add();
  }

  /** Whether a call may have another attempt, which then counts, though one may be processed. */
  public boolean mayRepeat() {
    return repeated.take();
  }

  /** Whether a call may have another attempt, which then counts, as none can be processed. */
  public boolean mayResend() {
    return unprocessed.take();
  }

  /** In parts of an attempt, of which a call puts in as many as there are percent. */
  private static final class Bucket {
    private static final int WHOLE = 100;

    private final int percent;
    private final int most;
    private int parts;

    Bucket(RetryOptions options) {
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
