package dev.holdfast.streams;

import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;

/**
 * The program of {@link BudgetModelCheckTest}: sessions of different threads at one {@link
 * BufferBudget}, and at one that only counts. A process of its own, because the search changes
 * classes while it runs.
 */
final class BudgetModelCheck {
  static final String VERDICT = "verdict";
  static final String HELD = "HELD";
  static final String BROKEN = "BROKEN";

  private static final int BYTES = 2;

  private BudgetModelCheck() {}

  public static void main(String[] args) {
    search(Budgeted.class);
    search(Counted.class);
    System.exit(0);
  }

  private static void search(Class<?> threads) {
    ModelCheckingOptions options =
        new ModelCheckingOptions()
            .iterations(8)
            .invocationsPerIteration(50)
            .minimizeFailedScenario(false)
            .threads(2)
            .actorsPerThread(2)
            .actorsBefore(0)
            .actorsAfter(1);
    try {
      options.check(threads);
      System.out.println(VERDICT + " " + HELD);
    } catch (LincheckAssertionError e) {
      System.out.println(VERDICT + " " + BROKEN);
    }
  }

  /** Whatever threads do at once has the results of doing it one after the other. */
  public static class Budgeted {
    private final BufferBudget budget = new BufferBudget(2 * BYTES);

    @Operation
    public void take() {
      budget.take(BYTES);
    }

    @Operation
    public void giveBack() {
      budget.giveBack(BYTES);
    }

    @Operation
    public boolean hasRoom() {
      return budget.hasRoom(0, 0);
    }

    @Operation
    public long heldBytes() {
      return budget.heldBytes();
    }
  }

  /** The same without an atomic. */
  public static class Counted {
    private long heldBytes;

    @Operation
    public void take() {
      heldBytes += BYTES;
    }

    @Operation
    public void giveBack() {
      heldBytes -= BYTES;
    }

    @Operation
    public boolean hasRoom() {
      return heldBytes < 2 * BYTES;
    }

    @Operation
    public long heldBytes() {
      return heldBytes;
    }
  }
}
