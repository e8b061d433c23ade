package dev.holdfast.gateway.http2;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ResetShareTest {
  private final ResetShare share = new ResetShare();
  private long nowNanos = 5;

  @Test
  void permitsAnyNumberOfCancelsAmongCallsThatEnd() {
    for (int i = 0; i < 10_000; i++) {
      share.onStream();
      share.onStream();
      assertThat(share.onReset(nowNanos)).isFalse();
    }
  }

  @Test
  void endsNothingButCancels() {
    for (int i = 0; i < ResetShare.FREE_RESETS; i++) {
      share.onStream();
      assertThat(share.onReset(nowNanos)).isFalse();
    }
    share.onStream();
    assertThat(share.onReset(nowNanos)).isTrue();
  }

  @Test
  void forgetsAfterItsWindow() {
    for (int i = 0; i < 10 * ResetShare.FREE_RESETS; i++) {
      share.onStream();
      nowNanos += ResetShare.WINDOW.toNanos() / ResetShare.FREE_RESETS + 1;
      assertThat(share.onReset(nowNanos)).isFalse();
    }
  }
}
