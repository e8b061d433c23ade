package dev.holdfast.streams.internal.rebalance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MoveRateTest {
  private static final long SECOND = 1_000_000_000L;

  private final MoveRate rate = new MoveRate();

  @Test
  void aRateBeginsWithOneASecondAndDoublesUpToAShareOfTheStreams() {
    long[] taken = new long[8];
    for (int second = 0; second < taken.length; second++) {
      taken[second] = rate.take(second * SECOND, 1_000, 100);
    }
    assertThat(taken).containsExactly(0, 1, 2, 4, 8, 16, 30, 30);
    assertThat(rate.take(7 * SECOND, 1_000, 100)).isZero();
    assertThat(rate.take(8 * SECOND, 1_000, 7)).isEqualTo(7);
  }

  @Test
  void aSecondsWorthIsSavedUpAtMost() {
    for (int second = 0; second < 8; second++) {
      var unused = rate.take(second * SECOND, 1_000, 100);
    }
    assertThat(rate.take(9 * SECOND, 1_000, 100)).isEqualTo(30);
  }

  @Test
  void itBeginsAnewAfterAPause() {
    for (int second = 0; second < 8; second++) {
      var unused = rate.take(second * SECOND, 1_000, 100);
    }
    assertThat(rate.take(3_600 * SECOND, 1_000, 100)).isZero();
    assertThat(rate.take(3_601 * SECOND, 1_000, 100)).isOne();
    assertThat(rate.take(3_602 * SECOND, 1_000, 100)).isEqualTo(2);
  }

  @Test
  void fewStreamsMoveOneASecond() {
    assertThat(rate.take(Long.MAX_VALUE - SECOND, 3, 3)).isZero();
    // The clock may pass its largest value.
    assertThat(rate.take(Long.MAX_VALUE, 3, 3)).isOne();
    assertThat(rate.take(Long.MAX_VALUE + SECOND, 3, 3)).isOne();
  }
}
