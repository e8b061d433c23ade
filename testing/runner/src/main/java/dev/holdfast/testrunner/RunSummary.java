package dev.holdfast.testrunner;

import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The lines after the last room: counts per JDK, skipped tests, what is red, and the total. */
final class RunSummary {
  private static final int PROBLEMS_SHOWN = 40;

  private final List<RoomOutcome> outcomes;
  private final List<String> problems;
  private final boolean noSkips;

  /**
   * A summary of runs.
   *
   * @param problems that belong to no run
   * @param noSkips whether a skipped test makes all red
   */
  RunSummary(List<RoomOutcome> outcomes, List<String> problems, boolean noSkips) {
    this.outcomes = outcomes;
    this.problems = problems;
    this.noSkips = noSkips;
  }

  /** Prints the summary and returns whether all is green. */
  boolean print(PrintStream out) {
    TestCounts total = TestCounts.NONE;
    Map<String, TestCounts> counts = new TreeMap<>();
    for (RoomOutcome outcome : outcomes) {
      TestCounts more = outcome.report().counts();
      total = total.plus(more);
      if (!outcome.unchanged()) {
        counts.merge(outcome.run().jdk().version(), more, TestCounts::plus);
      }
    }
    counts.forEach(
        (jdk, sum) ->
            out.println(
                "%d tests ran on %s, %d skipped"
                    .formatted(sum.run() - sum.skipped(), jdk, sum.skipped())));
    for (RoomOutcome outcome : outcomes) {
      outcome.report().skipped().forEach(test -> out.println("  skipped: " + test));
    }
    long unchanged = outcomes.stream().filter(RoomOutcome::unchanged).count();
    if (unchanged > 0) {
      out.println(unchanged + " of " + outcomes.size() + " left out: unchanged since a green run");
    }
    boolean skips = noSkips && total.skipped() > 0;
    if (skips) {
      out.println("tests were skipped (expected: none, as HOLDFAST_NO_SKIPS=1 says)");
    }
    printProblems(out);
    out.println(total);
    return !skips && problems.isEmpty() && outcomes.stream().allMatch(RoomOutcome::isGreen);
  }

  /** Again what is red, which stands far above where rooms take minutes. */
  private void printProblems(PrintStream out) {
    problems.forEach(out::println);
    outcomes.stream()
        .flatMap(
            outcome -> outcome.problems().stream().map(problem -> outcome.run() + ": " + problem))
        .limit(PROBLEMS_SHOWN)
        .forEach(out::println);
  }
}
