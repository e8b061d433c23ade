package dev.holdfast.bench.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReportTest {
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

  @Test
  void endsWithOneLineOfBareNumbersInTheOrderGiven() {
    int exitCode =
        report(false).figure("calls", 12_000).figure("ratio", 0.98765).figure("none", 0).finish();
    assertThat(exitCode).isZero();
    assertThat(lines()).containsExactly("RESULT calls=12000 ratio=0.988 none=0");
  }

  @Test
  void aMissedBoundIsSaidBeforeTheResultAndIsAnExitCodeOfOne() {
    int exitCode =
        report(false)
            .figure("p99_ms", 101)
            .speedBound(false, "p99_ms: %.1f (expected: <= 100)", 101.0)
            .finish();
    assertThat(exitCode).isEqualTo(1);
    assertThat(lines())
        .containsExactly("MISSED: p99_ms: 101.0 (expected: <= 100)", "RESULT p99_ms=101");
  }

  @Test
  void aSmokeRunKeepsOnlyTheBoundsThatAreNotOfSpeed() {
    assertThat(report(true).figure("a", 1).speedBound(false, "slow").finish()).isZero();
    assertThat(lines())
        .containsExactly("missed, but not counted in a smoke run: slow", "RESULT a=1 smoke=1");
    assertThat(report(true).figure("a", 1).bound(false, "failed").finish()).isEqualTo(1);
  }

  @Test
  void aCountOfFaultsIsABoundOfEveryRun() {
    assertThat(report(true).none("lost", 0).finish()).isZero();
    assertThat(report(true).none("lost", 2).finish()).isEqualTo(1);
    assertThat(lines()).containsExactly("MISSED: lost: 2 (expected: 0)", "RESULT lost=2 smoke=1");
  }

  @Test
  void aBoundedFigureIsABoundOnSpeed() {
    assertThat(report(false).atMost("p99_ms", 100, 100).atLeast("ratio", 0.9, 0.9).finish())
        .isZero();
    assertThat(report(false).atMost("p99_ms", 100.5, 100).atLeast("ratio", 0.89, 0.9).finish())
        .isEqualTo(1);
    assertThat(lines())
        .containsExactly(
            "MISSED: p99_ms: 100.5 (expected: <= 100)",
            "MISSED: ratio: 0.89 (expected: >= 0.9)",
            "RESULT p99_ms=100.5 ratio=0.89");
    assertThat(report(true).atMost("p99_ms", 101, 100).atLeast("ratio", 0, 1).finish()).isZero();
  }

  @Test
  void aBoundedFigureThatIsNoNumberIsMissed() {
    assertThat(report(false).atMost("go_ms", Double.NaN, 100).finish()).isEqualTo(1);
    assertThat(report(false).atLeast("ratio", Double.NaN, 0.9).finish()).isEqualTo(1);
    assertThat(lines())
        .containsExactly("MISSED: ratio: nan (expected: >= 0.9)", "RESULT ratio=nan");
  }

  @Test
  void numbersHaveAtMostThreeDecimalsAndNoExponent() {
    assertThat(Report.number(1_000_000)).isEqualTo("1000000");
    assertThat(Report.number(100)).isEqualTo("100");
    assertThat(Report.number(0.0004)).isEqualTo("0");
    assertThat(Report.number(1.5)).isEqualTo("1.5");
    assertThat(Report.number(2.0 / 3)).isEqualTo("0.667");
    assertThat(Report.number(Double.NaN)).isEqualTo("nan");
  }

  @Test
  void refusesAFigureTwiceAndARunWithoutAny() {
    assertThatThrownBy(() -> report(false).figure("a", 1).figure("a", 2))
        .hasMessage("figure a given twice");
    assertThatThrownBy(() -> report(false).finish()).hasMessage("a run without a figure");
  }

  private Report report(boolean smoke) {
    printed.reset();
    return new Report(new PrintStream(printed, true, StandardCharsets.UTF_8), smoke);
  }

  private List<String> lines() {
    return printed.toString(StandardCharsets.UTF_8).lines().toList();
  }
}
