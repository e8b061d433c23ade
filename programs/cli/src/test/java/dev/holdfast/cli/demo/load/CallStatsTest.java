package dev.holdfast.cli.demo.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class CallStatsTest {
  private static final long MILLI = 1_000_000;

  private final CallStats ledger = new CallStats();

  @Test
  void everyStatusButOkAndEveryCallNotIssuedCountsAsFailed() {
    ledger.onAnswered("i1", 10, MILLI);
    ledger.onFailed(20, "UNAVAILABLE: io exception");
    ledger.onNotIssued(30);
    ledger.onLongCallAnswered();
    assertThat(ledger.clientCallTotals().calls()).isEqualTo(4);
    assertThat(ledger.clientCallTotals().failed()).isEqualTo(2);
  }

  @Test
  void oneSlowCallInAHundredIsNotTheNinetyNinthPercentile() {
    for (int i = 0; i < 99; i++) {
      ledger.onAnswered("i1", i, MILLI);
    }
    ledger.onAnswered("i1", 99, 900 * MILLI);
    assertThat(ledger.clientCallTotals().p99Millis()).isBetween(1.0, 1.01);
    assertThat(ledger.takeInterval().values())
        .singleElement()
        .satisfies(of -> assertThat(of.p99Millis()).isBetween(1.0, 1.01));
  }

  @Test
  void timesBeyondTheScaleCountAtItsEnds() {
    ledger.onAnswered("i1", 1, -5);
    assertThat(ledger.clientCallTotals().p99Millis()).isZero();
    ledger.onAnswered("i1", 2, Long.MAX_VALUE);
    assertThat(ledger.clientCallTotals().p99Millis()).isBetween(3_600_000.0, 3_640_000.0);
  }

  @Test
  void failuresAreFiledUnderTheStepTheyHappenedIn() {
    ledger.enterStep("step 3");
    ledger.onFailed(20, "UNAVAILABLE");
    ledger.enterStep("step 4");
    assertThat(ledger.callFailures())
        .containsExactly(new CallStats.CallFailure(20, "step 3", "UNAVAILABLE"));
  }

  @Test
  void onlyTheFirstFewFailuresAreKept() {
    for (int i = 0; i < 1_000; i++) {
      ledger.onFailed(i, "UNAVAILABLE");
    }
    assertThat(ledger.callFailures()).hasSize(8);
    assertThat(ledger.callFailures().get(0).atNanos()).isZero();
    assertThat(ledger.clientCallTotals().failed()).isEqualTo(1_000);
  }

  @Test
  void remembersTheFirstAndTheLastAnswerOfEachInstance() {
    ledger.onAnswered("i1", 10, MILLI);
    ledger.onAnswered("i2", 20, MILLI);
    ledger.onAnswered("i1", 30, MILLI);
    assertThat(ledger.firstServedNanos("i1")).hasValue(10);
    assertThat(ledger.lastServedNanos("i1")).hasValue(30);
    assertThat(ledger.lastServedNanos("i3")).isEmpty();
  }

  @Test
  void aPeriodOfTheTableBeginsWhereTheLastEnded() {
    ledger.onAnswered("i1", 10, MILLI);
    ledger.onAnswered("i1", 11, MILLI);
    assertThat(recentCalls()).containsExactly(2L);
    assertThat(recentCalls()).isEmpty();
    ledger.onAnswered("i1", 12, MILLI);
    assertThat(recentCalls()).containsExactly(1L);
  }

  @Test
  void theLastRetryIsTheOneThatRecoveryIsMeasuredTo() {
    assertThat(ledger.lastRetriedNanos()).isEmpty();
    ledger.onRetried(5);
    ledger.onRetried(9);
    assertThat(ledger.lastRetriedNanos()).hasValue(9);
    assertThat(ledger.clientCallTotals().retried()).isEqualTo(2);
  }

  private List<Long> recentCalls() {
    return ledger.takeInterval().values().stream().map(CallStats.IntervalCallStats::calls).toList();
  }
}
