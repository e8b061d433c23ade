package dev.holdfast.testrunner.guide;

import java.util.List;
import java.util.Optional;

/**
 * The comparison of printed lines with those that a page shows, line by line. Empty lines do not
 * count.
 */
final class OutputMatcher {
  private final List<OutputLine> expected;
  private final boolean beginsAnywhere;
  private int next;

  /**
   * The comparison with some lines of a page.
   *
   * @param beginsAnywhere whether lines may be printed before the first of them
   */
  OutputMatcher(List<OutputLine> expected, boolean beginsAnywhere) {
    this.expected = List.copyOf(expected);
    this.beginsAnywhere = beginsAnywhere;
    skipGaps();
  }

  /** Whether every line of the page was printed. */
  boolean isComplete() {
    return next == expected.size();
  }

  /** The first line of the page that was not printed yet. */
  Optional<OutputLine> missing() {
    return isComplete() ? Optional.empty() : Optional.of(expected.get(next));
  }

  /**
   * Compares the next printed line.
   *
   * @return what is wrong with it; empty when it is one that the page shows or leaves out
   */
  Optional<String> accept(String printed) {
    if (printed.isBlank()) {
      return Optional.empty();
    }
    if (!isComplete() && expected.get(next).fits(printed)) {
      next++;
      skipGaps();
      return Optional.empty();
    }
    if (mayBeLeftOut()) {
      return Optional.empty();
    }
    return Optional.of(
        isComplete()
            ? "printed: %s (expected: no further line)".formatted(printed)
            : "printed: %s (expected: %s)".formatted(printed, expected.get(next).text()));
  }

  private boolean mayBeLeftOut() {
    return next == 0 ? beginsAnywhere : expected.get(next - 1).isGap();
  }

  private void skipGaps() {
    while (next < expected.size() && expected.get(next).isGap()) {
      next++;
    }
  }
}
