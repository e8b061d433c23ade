package dev.holdfast.testrunner.guide;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OutputMatcherTest {
  private static OutputMatcher matcher(boolean beginsAnywhere, String... lines) {
    List<OutputLine> expected = new ArrayList<>();
    for (int i = 0; i < lines.length; i++) {
      expected.add(new OutputLine(10 + i, lines[i]));
    }
    return new OutputMatcher(expected, beginsAnywhere);
  }

  @Test
  void takesTheLinesInTheirOrderAndDotsForAnyText() {
    OutputMatcher matcher = matcher(false, "calls=100 failed=0 (...)", "done...");

    assertThat(matcher.accept("calls=100 failed=0 (7001=50)")).isEmpty();
    assertThat(matcher.accept("")).isEmpty();
    assertThat(matcher.isComplete()).isFalse();
    assertThat(matcher.accept("done")).isEmpty();
    assertThat(matcher.isComplete()).isTrue();
  }

  @Test
  void refusesAnotherLineAndOneMore() {
    OutputMatcher matcher = matcher(false, "one", "two");

    assertThat(matcher.accept("two")).contains("printed: two (expected: one)");
    assertThat(matcher.accept("one")).isEmpty();
    assertThat(matcher.accept("two")).isEmpty();
    assertThat(matcher.accept("three")).contains("printed: three (expected: no further line)");
  }

  @Test
  void wordsOfExpressionsAreMeantLiterally() {
    assertThat(matcher(false, "a.c (b)").accept("abc (b)")).isPresent();
    assertThat(matcher(false, "a.c (b)").accept("a.c (b)")).isEmpty();
  }

  @Test
  void dotsAloneStandForAnyNumberOfLines() {
    OutputMatcher matcher = matcher(false, "first", "...", "last", "...");

    assertThat(matcher.accept("first")).isEmpty();
    assertThat(matcher.accept("x")).isEmpty();
    assertThat(matcher.accept("y")).isEmpty();
    assertThat(matcher.missing()).map(OutputLine::line).contains(12);
    assertThat(matcher.accept("last")).isEmpty();
    assertThat(matcher.isComplete()).isTrue();
    assertThat(matcher.accept("z")).isEmpty();
  }

  @Test
  void furtherOutputMayBeginAfterOtherLines() {
    OutputMatcher matcher = matcher(true, "calls=200");

    assertThat(matcher.accept("calls=100")).isEmpty();
    assertThat(matcher.accept("calls=200")).isEmpty();
    assertThat(matcher.accept("calls=300")).isPresent();
  }
}
