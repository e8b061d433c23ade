package dev.holdfast.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class CallLedgerTest {
  private static final long MILLI = 1_000_000;

  private final CallLedger ledger = new CallLedger();

  @Test
  void everyStatusButOkAndEveryCallNotIssuedCountsAsFailed() {
    ledger.onAnswered("i1", 10, MILLI);
    ledger.onFailed(20, "UNAVAILABLE: io exception");
    ledger.onNotIssued(30);
    ledger.onLongCallAnswered();
    assertThat(ledger.totals().calls()).isEqualTo(4);
    assertThat(ledger.totals().failed()).isEqualTo(2);
  }

  @Test
  void failuresAreFiledUnderTheStepTheyHappenedIn() {
    ledger.enter("step 3");
    ledger.onFailed(20, "UNAVAILABLE");
    ledger.enter("step 4");
    assertThat(ledger.failures())
        .containsExactly(new CallLedger.Failure(20, "step 3", "UNAVAILABLE"));
  }

  @Test
  void onlyTheFirstFewFailuresAreKept() {
    for (int i = 0; i < 1_000; i++) {
      ledger.onFailed(i, "UNAVAILABLE");
    }
    assertThat(ledger.failures()).hasSize(8);
    assertThat(ledger.failures().get(0).atNanos()).isZero();
    assertThat(ledger.totals().failed()).isEqualTo(1_000);
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
    assertThat(ledger.totals().retried()).isEqualTo(2);
  }

  private List<Long> recentCalls() {
    return ledger.takeRecent().values().stream().map(CallLedger.Recent::calls).toList();
  }
}
