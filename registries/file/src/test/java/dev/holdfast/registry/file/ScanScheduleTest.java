package dev.holdfast.registry.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ScanScheduleTest {
  private static final long MS = 1_000_000;

  // An origin near the overflow: only differences of times mean anything.
  private long now = Long.MAX_VALUE - 100 * MS;
  private final ScanSchedule rhythm = new ScanSchedule(Duration.ofMillis(250), now);

  @Test
  void theFirstLookIsDueAtOnce() {
    assertThat(dueInMs()).isZero();
  }

  @Test
  void withoutAChangeTheNextLookComesAfterThePoll() {
    look(1);
    assertThat(dueInMs()).isEqualTo(250);
  }

  @Test
  void aChangeIsLookedAtAfterTheGatheringTime() {
    look(1);
    now += 100 * MS;
    rhythm.onChange(now);
    assertThat(dueInMs()).isEqualTo(5);
    now += 2 * MS;
    rhythm.onChange(now);
    assertThat(dueInMs()).isEqualTo(3);
  }

  @Test
  void aChangeDuringALookLeadsToAnother() {
    rhythm.onBegin(now);
    rhythm.onChange(now);
    now += MS;
    rhythm.onEnd(now);
    assertThat(dueInMs()).isEqualTo(5);
  }

  @Test
  void expensiveLooksTakeAFifthOfTheTimeAtMost() {
    look(100);
    rhythm.onChange(now);
    assertThat(dueInMs()).isEqualTo(400);
  }

  @Test
  void aChangeWaitsNoLongerThanASecondHoweverLongALookTakes() {
    look(5_000);
    rhythm.onChange(now);
    assertThat(dueInMs()).isEqualTo(1_000);
  }

  @Test
  void expensivePollsTakeATwentiethOfTheTimeAtMost() {
    look(100);
    assertThat(dueInMs()).isEqualTo(1_900);
  }

  @Test
  void aLookThatFailedIsRepeatedAfterThePollHoweverLongItTook() {
    rhythm.onBegin(now);
    now += 5_000 * MS;
    rhythm.onFailed(now);
    assertThat(dueInMs()).isEqualTo(250);
  }

  @Test
  void whoeverWaitsIsServedAtOnce() {
    look(100);
    now += 10 * MS;
    rhythm.onDemand(now);
    assertThat(dueInMs()).isZero();
  }

  private void look(long tookMs) {
    rhythm.onBegin(now);
    now += tookMs * MS;
    rhythm.onEnd(now);
  }

  private long dueInMs() {
    return (rhythm.nextDeadlineNanos() - now) / MS;
  }
}
