package dev.holdfast.gateway.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DeadlineWheelTest {
  private static final long NEVER = Long.MAX_VALUE;
  private static final long MILLI = Duration.ofMillis(1).toNanos();

  private long nowNanos = Long.MAX_VALUE - Duration.ofHours(1).toNanos();
  private long wakeNanos = NEVER;
  private int wakes;
  private final DeadlineWheel wheel = new DeadlineWheel(this::set, nowNanos);
  private final Set<Timed> open = new HashSet<>();
  private final List<Timed> passed = new ArrayList<>();

  private void set(long delayNanos) {
    wakeNanos = nowNanos + delayNanos;
  }

  private final class Timed extends DeadlineWheel.Deadline {
    final long dueNanos;

    Timed(long delayNanos) {
      dueNanos = nowNanos + delayNanos;
      open.add(this);
      wheel.start(this, nowNanos, delayNanos);
    }

    @Override
    protected void onPassed() {
      assertThat(open.remove(this)).as("started and not cancelled").isTrue();
      long lateNanos = nowNanos - dueNanos;
      assertThat(lateNanos).isBetween(0L, MILLI);
      passed.add(this);
    }
  }

  @Test
  void deadlinesAreMetInTheirMillisecondWhateverIsStartedAndCancelled() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int cancelled = 0;
    for (int step = 0; step < 60_000; step++) {
      switch (random.nextInt(4)) {
        case 0, 1 -> new Timed(delay(random));
        case 2 -> {
          Timed some = open.stream().findFirst().orElse(null);
          if (some != null) {
            open.remove(some);
            wheel.cancel(some);
            cancelled++;
          }
        }
        default -> pass(delay(random) / 50);
      }
      assertThat(open.stream().filter(each -> each.dueNanos - nowNanos < -MILLI))
          .as("seed %d, step %d", seed, step)
          .isEmpty();
      if (open.size() > 200) {
        pass(Duration.ofDays(1).toNanos());
      }
    }
    pass(Duration.ofDays(40).toNanos());
    assertThat(open).as("seed %d", seed).isEmpty();
    assertThat(passed.size()).isGreaterThan(1_000);
    assertThat(cancelled).isGreaterThan(1_000);
  }

  @Test
  void aDeadlineIsNeverMetEarlyNorTwice() {
    new Timed(MILLI + 1);
    pass(MILLI);
    assertThat(passed).isEmpty();
    pass(MILLI);
    assertThat(passed).hasSize(1);
    pass(Duration.ofDays(1).toNanos());
    assertThat(passed).hasSize(1);
  }

  @Test
  void callsThatEndBeforeTheirDeadlinesWakeTheLoopRarely() {
    for (int i = 0; i < 60_000; i++) {
      Timed each = new Timed(Duration.ofSeconds(20).plusMillis(i % 977).toNanos());
      pass(MILLI);
      open.remove(each);
      wheel.cancel(each);
    }
    assertThat(wakes).as("in a minute").isLessThan(20);
  }

  @Test
  void aDeadlineThatFailsDoesNotHoldUpTheOthers() {
    wheel.start(
        new DeadlineWheel.Deadline() {
          @Override
          protected void onPassed() {
            throw new IllegalStateException("a call's");
          }
        },
        nowNanos,
        5 * MILLI);
    new Timed(5 * MILLI);
    new Timed(6 * MILLI);
    pass(10 * MILLI);
    assertThat(passed).hasSize(2);
  }

  @Test
  void aDeadlineMayStartAndCancelOthers() {
    Timed cancelled = new Timed(3 * MILLI);
    wheel.start(
        new DeadlineWheel.Deadline() {
          @Override
          protected void onPassed() {
            open.remove(cancelled);
            wheel.cancel(cancelled);
            new Timed(0);
          }
        },
        nowNanos,
        3 * MILLI);
    pass(20 * MILLI);
    assertThat(passed).hasSize(1).doesNotContain(cancelled);
  }

  /** Lets time pass, in which the timer wakes the wheel when it is due. */
  private void pass(long nanos) {
    long endNanos = nowNanos + nanos;
    while (wakeNanos != NEVER && wakeNanos - endNanos <= 0) {
      nowNanos = wakeNanos;
      wakeNanos = NEVER;
      wakes++;
      wheel.onWake(nowNanos);
    }
    nowNanos = endNanos;
  }

  /** Delays of all sizes: nothing, milliseconds, and beyond the wheel's span of 12 days. */
  private static long delay(Random random) {
    return random.nextLong(1L << (10 + random.nextInt(41))) + random.nextInt(2);
  }
}
