package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.BufferBudget;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one buffer in the budget of all sessions. A small change is not passed on: the
 * budget is one number for all threads, which would pass its cache line to and fro with each small
 * message. Nothing held always counts as nothing.
 */
@PureCore
final class BudgetShare {
  /** Changes below this many bytes wait for others. */
  static final int UNTOLD_BYTES = 256;

  private final BufferBudget budget;
  private long heldBytes;
  private long toldBytes;

  private BudgetShare(BufferBudget budget) {
    this.budget = budget;
  }

  /** A share of a budget that holds so much already. */
  static BudgetShare of(BufferBudget budget, long heldBytes) {
    BudgetShare share = new BudgetShare(budget);
    share.add(heldBytes);
    return share;
  }

  /** Adds bytes to a share, or takes them back; there may be none. */
  static void add(@Nullable BudgetShare share, long bytes) {
    if (share != null) {
      share.add(bytes);
    }
  }

  BufferBudget budget() {
    return budget;
  }

  private void add(long bytes) {
    heldBytes += bytes;
    long news = heldBytes - toldBytes;
    if (Math.abs(news) >= UNTOLD_BYTES || (heldBytes == 0 && news != 0)) {
      budget.take(news);
      toldBytes = heldBytes;
    }
  }
}
