package dev.holdfast.testrunner.guide;

import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A line of output as a page shows it. Three dots stand for any text within a line; three dots
 * alone stand for any number of lines.
 *
 * @param line of the page, counted from 1
 */
record OutputLine(int line, String text) {
  static final String DOTS = "...";

  /** Whether any number of lines may stand here. */
  boolean isGap() {
    return text.equals(DOTS);
  }

  /** Whether a printed line is this one. */
  boolean fits(String printed) {
    String expression =
        Arrays.stream(text.split(Pattern.quote(DOTS), -1))
            .map(Pattern::quote)
            .collect(Collectors.joining(".*"));
    return printed.matches(expression);
  }
}
