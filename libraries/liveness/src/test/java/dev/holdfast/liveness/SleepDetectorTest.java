package dev.holdfast.liveness;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Two clocks of one machine, told by hand. */
class SleepDetectorTest {
  private static final Duration NIGHT = Duration.ofHours(8);

  private long nowNanos = -Duration.ofSeconds(3).toNanos();
  private long nowMillis = 1_700_000_000_000L;
  private final SleepDetector watch = new SleepDetector(() -> nowMillis, nowNanos);
  private final long beganNanos = nowNanos;

  @Test
  void whoIsAwakeNeverWokeUp() {
    awake(NIGHT);
    assertThat(look()).isEqualTo(beganNanos);
    for (int i = 0; i < 1_000; i++) {
      awake(Duration.ofSeconds(1));
      assertThat(look()).isEqualTo(beganNanos);
    }
  }

  @Test
  void aNightAsleepIsSeenAtTheFirstLookAndOnce() {
    awake(Duration.ofMinutes(1));
    asleep(NIGHT);
    awake(Duration.ofMillis(3));
    long firstCheckNanos = nowNanos;
    assertThat(look()).isEqualTo(firstCheckNanos);
    awake(Duration.ofMinutes(1));
    assertThat(look()).isEqualTo(firstCheckNanos);
  }

  @Test
  void eachNightCounts() {
    for (int i = 0; i < 3; i++) {
      awake(Duration.ofMinutes(1));
      asleep(Duration.ofSeconds(6));
      assertThat(look()).isEqualTo(nowNanos);
    }
  }

  @Test
  void aClockThatIsSetBackIsNoSleepAndHidesNoLaterOne() {
    asleep(NIGHT.negated());
    assertThat(look()).isEqualTo(beganNanos);
    awake(Duration.ofMinutes(1));
    asleep(Duration.ofSeconds(6));
    assertThat(look()).isEqualTo(nowNanos);
  }

  @Test
  void aClockThatDriftsWakesNobodyHoweverLongItDrifts() {
    for (int i = 0; i < 10_000; i++) {
      awake(Duration.ofSeconds(10));
      asleep(Duration.ofMillis(5));
      assertThat(look()).isEqualTo(beganNanos);
    }
  }

  private long look() {
    return watch.wokeNanos(nowNanos);
  }

  private void awake(Duration by) {
    nowNanos += by.toNanos();
    nowMillis += by.toMillis();
  }

  private void asleep(Duration by) {
    nowMillis += by.toMillis();
  }
}
