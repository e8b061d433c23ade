package dev.holdfast.cli.demo.streams;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DeliveryTrackerTest {
  private final DeliveryTracker ledger = new DeliveryTracker();

  @Test
  void whatIsAnsweredOnceAndInOrderIsAsItShouldBe() {
    send(3);
    answers(1, 2, 3);

    assertThat(ledger.deliveryTotals()).isEqualTo(new DeliveryTracker.DeliveryTotals(3, 3, 0, 0));
    assertThat(ledger.unanswered()).isEmpty();
  }

  @Test
  void whatIsNeverAnsweredIsLost() {
    send(4);
    answers(1, 4);

    assertThat(ledger.deliveryTotals().lost()).isEqualTo(2);
    assertThat(ledger.unanswered()).containsExactly(2, 3);
  }

  @Test
  void secondAnswerIsADuplicateAndHidesNoLoss() {
    send(3);
    answers(1, 1, 3);

    assertThat(ledger.deliveryTotals()).isEqualTo(new DeliveryTracker.DeliveryTotals(3, 2, 1, 0));
  }

  @Test
  void answerBehindALaterOneIsReordered() {
    send(3);
    answers(1, 3, 2);

    assertThat(ledger.deliveryTotals()).isEqualTo(new DeliveryTracker.DeliveryTotals(3, 3, 0, 1));
  }

  private void send(int readings) {
    for (int i = 1; i <= readings; i++) {
      assertThat(ledger.next()).isEqualTo(i);
    }
  }

  private void answers(int... numbers) {
    for (int number : numbers) {
      ledger.onAnswer(number);
    }
  }
}
