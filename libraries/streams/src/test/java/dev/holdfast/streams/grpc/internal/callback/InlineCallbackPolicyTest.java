package dev.holdfast.streams.grpc.internal.callback;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.testkit.VirtualScheduler;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class InlineCallbackPolicyTest {
  private static final long LONG = InlineCallbackPolicy.SHORT.toNanos() + 1;

  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final InlineCallbackPolicy pace = new InlineCallbackPolicy(scheduler.clock());

  @Test
  void shortCallbacksGoOnAsTheyAre() {
    pace.onRun(InlineCallbackPolicy.SHORT.toNanos());
    assertThat(pace.mayRunInline()).isTrue();
  }

  @Test
  void aLongOneRestsTheMethodForASecond() {
    pace.onRun(LONG);
    assertThat(pace.mayRunInline()).isFalse();
    advance(Duration.ofMillis(999));
    assertThat(pace.mayRunInline()).isFalse();
    advance(Duration.ofMillis(1));
    assertThat(pace.mayRunInline()).isTrue();
  }

  @Test
  void anotherOneSoonAfterRestsItForTwiceAsLong() {
    pace.onRun(LONG);
    advance(Duration.ofSeconds(1));
    assertThat(pace.mayRunInline()).isTrue();
    pace.onLong();
    advance(Duration.ofMillis(1_999));
    assertThat(pace.mayRunInline()).isFalse();
    advance(Duration.ofMillis(1));
    assertThat(pace.mayRunInline()).isTrue();
  }

  @Test
  void oneMuchLaterIsTheFirstAgain() {
    pace.onRun(LONG);
    advance(Duration.ofMinutes(10));
    assertThat(pace.mayRunInline()).isTrue();
    pace.onRun(LONG);
    advance(Duration.ofSeconds(1));
    assertThat(pace.mayRunInline()).isTrue();
  }

  @Test
  void afterARestOneAtATimeIsTried() {
    pace.onRun(LONG);
    advance(Duration.ofSeconds(1));
    assertThat(pace.mayRunInline()).isTrue();
    assertThat(pace.mayRunInline()).isFalse();
    pace.onRun(1);
    assertThat(pace.mayRunInline()).isTrue();
    assertThat(pace.mayRunInline()).isTrue();
  }

  @Test
  void aMessageWithoutCallbacksLeavesTheTrialToTheNextOne() {
    pace.onRun(LONG);
    advance(Duration.ofSeconds(1));
    assertThat(pace.mayRunInline()).isTrue();
    pace.onRun(0);
    assertThat(pace.mayRunInline()).isTrue();
    assertThat(pace.mayRunInline()).isFalse();
    pace.onLong();
    // The trial that was told to be long ends late.
    pace.onRun(LONG);
    advance(Duration.ofSeconds(2));
    assertThat(pace.mayRunInline()).isTrue();
  }

  private void advance(Duration by) {
    scheduler.advance(by);
  }
}
