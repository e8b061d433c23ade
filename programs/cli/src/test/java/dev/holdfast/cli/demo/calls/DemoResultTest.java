package dev.holdfast.cli.demo.calls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.cli.demo.load.CallStats;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class DemoResultTest {
  private static final CallStats.ClientCallTotals GATEWAY =
      new CallStats.ClientCallTotals(900, 0, 0, 0, 1);

  @Test
  void theLastLineHasTheFieldsOfTheIssueInTheirOrder() {
    DemoResult result = result(6_001, 0, 6);
    assertThat(result.line())
        .isEqualTo(
            "RESULT calls=6001 failed=0 retried=7 steps=6/6 scale_up_ms=12 kill_recovery_ms=34"
                + " p99_ms=3.2 stock_failed=4321 registry=file gateway_calls=900"
                + " gateway_failed=0 reload_ms=56 held_back=9");
    assertThat(result.exitCode()).isZero();
  }

  @Test
  void oneFailedCallFailsTheRun() {
    assertThat(result(6_001, 1, 6).exitCode()).isEqualTo(1);
  }

  @Test
  void oneFailedCallThroughTheGatewayFailsTheRun() {
    DemoResult result =
        new DemoResult(
            new CallStats.ClientCallTotals(6_001, 0, 7, 0, 3.24),
            6,
            measured(OptionalLong.of(12)),
            4_321,
            "file",
            new CallStats.ClientCallTotals(900, 1, 0, 0, 1));
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.missedBounds())
        .containsExactly("bound missed: gateway_failed=1 (expected: 0)");
  }

  @Test
  void oneMissedStepFailsTheRun() {
    assertThat(result(6_001, 0, 5).exitCode()).isEqualTo(1);
  }

  @Test
  void aNewInstanceThatWaitsForACallLongerThanTheBoundFailsTheRun() {
    assertThat(scaledUpWithin(OptionalLong.of(30_000)).exitCode()).isZero();
    DemoResult late = scaledUpWithin(OptionalLong.of(30_001));
    assertThat(late.exitCode()).isEqualTo(1);
    assertThat(late.missedBounds())
        .containsExactly("bound missed: scale_up_ms=30001 (expected: 0 to 30000)");
    assertThat(scaledUpWithin(OptionalLong.empty()).missedBounds())
        .containsExactly("bound missed: scale_up_ms=-1 (expected: 0 to 30000)");
  }

  @Test
  void everyMissedBoundIsNamed() {
    assertThat(result(6_001, 2, 5).missedBounds())
        .containsExactly(
            "bound missed: failed=2 (expected: 0)", "bound missed: steps=5/6 (expected: 6/6)");
  }

  @Test
  void aRunWithoutCallsProvesNothingAndFails() {
    assertThat(result(0, 0, 6).exitCode()).isEqualTo(1);
  }

  @Test
  void aMeasurementThatWasNotMadeIsMinusOne() {
    DemoResult result =
        new DemoResult(
            new CallStats.ClientCallTotals(1, 0, 0, 0, 0.5),
            3,
            new DemoResult.Measured(
                OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty()),
            0,
            "etcd",
            GATEWAY);
    assertThat(result.line()).contains(" scale_up_ms=-1 kill_recovery_ms=-1 p99_ms=0.5 ");
    assertThat(result.line()).endsWith(" reload_ms=-1 held_back=0");
  }

  private static DemoResult scaledUpWithin(OptionalLong millis) {
    return new DemoResult(
        new CallStats.ClientCallTotals(6_001, 0, 7, 0, 3.24),
        6,
        measured(millis),
        4_321,
        "file",
        GATEWAY);
  }

  private static DemoResult result(long calls, long failed, int steps) {
    return new DemoResult(
        new CallStats.ClientCallTotals(calls, failed, 7, 9, 3.24),
        steps,
        measured(OptionalLong.of(12)),
        4_321,
        "file",
        GATEWAY);
  }

  private static DemoResult.Measured measured(OptionalLong scaleUpMillis) {
    return new DemoResult.Measured(scaleUpMillis, OptionalLong.of(34), OptionalLong.of(56));
  }
}
