package dev.holdfast.streams.internal.rebalance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MoveRateTest {
  private static final long SECOND = 1_000_000_000L;

  private final MoveRate rate = new MoveRate();

  @Test
  void aRateIsAShareOfTheStreams() {
    assertThat(rate.take(0, 1_000, 100)).isZero();
    assertThat(rate.take(SECOND, 1_000, 100)).isEqualTo(30);
    assertThat(rate.take(SECOND, 1_000, 100)).isZero();
    assertThat(rate.take(2 * SECOND, 1_000, 7)).isEqualTo(7);
  }

  @Test
  void aLongPauseSavesNothingUp() {
    assertThat(rate.take(0, 1_000, 0)).isZero();
    assertThat(rate.take(3_600 * SECOND, 1_000, 10_000)).isEqualTo(30);
  }

  @Test
  void fewStreamsMoveOneASecond() {
    assertThat(rate.take(Long.MAX_VALUE - SECOND, 3, 3)).isZero();
    // The clock may pass its largest value.
    assertThat(rate.take(Long.MAX_VALUE, 3, 3)).isOne();
    assertThat(rate.take(Long.MAX_VALUE + SECOND, 3, 3)).isOne();
  }
}
