package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.testkit.VirtualScheduler;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class HandlerPaceTest {
  private static final long LONG = HandlerPace.SHORT.toNanos() + 1;

  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final HandlerPace pace = new HandlerPace(scheduler.clock());

  @Test
  void shortCallbacksGoOnAsTheyAre() {
    pace.onRun(HandlerPace.SHORT.toNanos());
    assertThat(pace.isShort()).isTrue();
  }

  @Test
  void aLongOneRestsTheMethodForASecond() {
    pace.onRun(LONG);
    assertThat(pace.isShort()).isFalse();
    advance(Duration.ofMillis(999));
    assertThat(pace.isShort()).isFalse();
    advance(Duration.ofMillis(1));
    assertThat(pace.isShort()).isTrue();
  }

  @Test
  void anotherOneSoonAfterRestsItForTwiceAsLong() {
    pace.onRun(LONG);
    advance(Duration.ofSeconds(1));
    assertThat(pace.isShort()).isTrue();
    pace.onLong();
    advance(Duration.ofMillis(1_999));
    assertThat(pace.isShort()).isFalse();
    advance(Duration.ofMillis(1));
    assertThat(pace.isShort()).isTrue();
  }

  @Test
  void oneMuchLaterIsTheFirstAgain() {
    pace.onRun(LONG);
    advance(Duration.ofMinutes(10));
    assertThat(pace.isShort()).isTrue();
    pace.onRun(LONG);
    advance(Duration.ofSeconds(1));
    assertThat(pace.isShort()).isTrue();
  }

  private void advance(Duration by) {
    scheduler.advance(by);
  }
}
