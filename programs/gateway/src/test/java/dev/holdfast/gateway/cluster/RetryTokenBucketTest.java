package dev.holdfast.gateway.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

class RetryTokenBucketTest {
  private static final int ENDLESS = 100_000;

  @Test
  void aBurstAtFirstAndThenAPartOfTheCalls() {
    RetryBudget budget = new RetryBudget(new RetryBudgetOptions(20, 3));
    assertThat(count(budget::tryRetry)).isEqualTo(3);
    call(budget, 4);
    assertThat(count(budget::tryRetry)).isZero();
    call(budget, 1);
    assertThat(count(budget::tryRetry)).isEqualTo(1);
    call(budget, ENDLESS);
    assertThat(count(budget::tryRetry)).isEqualTo(3);
  }

  @Test
  void withoutABurstAPartOfTheCallsAllTheSame() {
    RetryBudget budget = new RetryBudget(new RetryBudgetOptions(50, 0));
    assertThat(count(budget::tryRetry)).isZero();
    call(budget, 2);
    assertThat(count(budget::tryRetry)).isEqualTo(1);
  }

  @Test
  void withNeitherNoneIsRepeated() {
    RetryBudget budget = new RetryBudget(new RetryBudgetOptions(0, 0));
    call(budget, ENDLESS);
    assertThat(count(budget::tryRetry)).isZero();
  }

  @Test
  void whatNobodyProcessedHasABudgetOfItsOwn() {
    RetryBudget budget = new RetryBudget(new RetryBudgetOptions(0, 0));
    assertThat(count(budget::tryTransparentRetry)).isEqualTo(RetryBudget.UNPROCESSED_BURST);
    call(budget, 7);
    assertThat(count(budget::tryTransparentRetry)).isEqualTo(7);
  }

  @Test
  void whatMakesNoSenseIsRefused() {
    assertThatThrownBy(() -> new RetryBudgetOptions(401, 0))
        .hasMessage("percent: 401 (expected: 0 to 400)");
    assertThatThrownBy(() -> new RetryBudgetOptions(0, -1))
        .hasMessage("burst: -1 (expected: 0 to 100000)");
  }

  private static void call(RetryBudget budget, int times) {
    for (int i = 0; i < times; i++) {
      budget.onCall();
    }
  }

  private static int count(BooleanSupplier taken) {
    int count = 0;
    while (count < ENDLESS && taken.getAsBoolean()) {
      count++;
    }
    return count;
  }
}
