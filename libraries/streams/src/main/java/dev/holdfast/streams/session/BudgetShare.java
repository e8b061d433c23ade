package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.BufferBudget;

/**
 * The rule by which a buffer tells the budget of all sessions what it holds. A small change is not
 * told: the budget is one number for all threads, which would pass its cache line to and fro with
 * each small message. Nothing held is always told. A rule and no object, as each of 100,000 idle
 * sessions would have two.
 */
@PureCore
final class BudgetShare {
  /** Changes below this many bytes wait for others. */
  static final int UNTOLD_BYTES = 256;

  private BudgetShare() {}

  /**
   * Tells what is new, if it is enough.
   *
   * @param heldBytes what the buffer holds
   * @param toldBytes what the budget knows of
   * @return what the budget knows of now
   */
  static long tell(BufferBudget budget, long heldBytes, long toldBytes) {
    long news = heldBytes - toldBytes;
    if (Math.abs(news) >= UNTOLD_BYTES || (heldBytes == 0 && news != 0)) {
      budget.take(news);
      return heldBytes;
    }
    return toldBytes;
  }
}
