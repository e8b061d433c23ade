package dev.holdfast.cli.demo.streams;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StreamsDemoResultTest {
  private static final StockDevices.ReadingLosses STOCK = new StockDevices.ReadingLosses(17, 23);

  @Test
  void perfectRunExitsWithZeroWhateverStockLost() {
    StreamsDemoResult result = result(new DeliveryTracker.DeliveryTotals(100, 100, 0, 0), 0, 4);

    assertThat(result.exitCode()).isZero();
    assertThat(result.line())
        .isEqualTo(
            "RESULT messages=200 lost=0 duplicated=0 reordered=0 sessions_lost=0 faults=9"
                + " steps=4/4 handler_reruns=1 stock_lost=17 stock_duplicated=23");
  }

  @Test
  void eachBoundThatIsMissedIsNamed() {
    StreamsDemoResult result = result(new DeliveryTracker.DeliveryTotals(100, 98, 3, 4), 5, 3);

    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.missedBounds())
        .containsExactly(
            "bound missed: lost=2 (expected: 0)",
            "bound missed: duplicated=3 (expected: 0)",
            "bound missed: reordered=4 (expected: 0)",
            "bound missed: sessions_lost=5 (expected: 0)",
            "bound missed: steps=3/4 (expected: 4/4)");
  }

  @Test
  void effectThatItsNameDoesNotPreventIsADuplicate() {
    StreamsDemoResult result =
        new StreamsDemoResult(
            new DeliveryTracker.DeliveryTotals(9, 9, 0, 0),
            0,
            new EffectLog.Effects(9, 2, 1),
            9,
            4,
            STOCK);

    assertThat(result.missedBounds()).containsExactly("bound missed: duplicated=1 (expected: 0)");
  }

  @Test
  void runWithoutMessagesProvesNothing() {
    assertThat(result(DeliveryTracker.DeliveryTotals.NONE, 0, 4).exitCode()).isEqualTo(1);
  }

  private static StreamsDemoResult result(
      DeliveryTracker.DeliveryTotals durable, long lost, int steps) {
    return new StreamsDemoResult(
        durable, lost, new EffectLog.Effects(durable.sent(), 1, 0), 9, steps, STOCK);
  }
}
