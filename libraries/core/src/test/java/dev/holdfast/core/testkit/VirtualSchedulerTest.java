package dev.holdfast.core.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.holdfast.core.Subscription;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class VirtualSchedulerTest {
  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final List<String> ran = new ArrayList<>();

  @Test
  void tasksRunAtTheirTimeAndThenInOrderOfArrival() {
    note("late", Duration.ofSeconds(2));
    note("first", Duration.ofSeconds(1));
    note("second", Duration.ofSeconds(1));
    scheduler.execute(() -> ran.add("now"));

    scheduler.advance(Duration.ofSeconds(1));

    assertThat(ran).containsExactly("now", "first", "second");
    assertThat(scheduler.pending()).isEqualTo(1);
  }

  @Test
  void timeIsThatOfTheTaskWhileItRuns() {
    long began = scheduler.clock().nanoTime();
    List<Duration> seen = new ArrayList<>();
    var unused =
        scheduler.schedule(
            Duration.ofSeconds(1),
            () -> seen.add(Duration.ofNanos(scheduler.clock().nanoTime() - began)));

    scheduler.advance(Duration.ofHours(1));

    assertThat(seen).containsExactly(Duration.ofSeconds(1));
    assertThat(scheduler.virtualClock().elapsed()).isEqualTo(Duration.ofHours(1));
  }

  @Test
  void aClosedTimerDoesNotRun() {
    Subscription timer = scheduler.schedule(Duration.ofSeconds(1), () -> ran.add("closed"));
    timer.close();

    scheduler.advance(Duration.ofSeconds(2));

    assertThat(ran).isEmpty();
  }

  @Test
  void theWallClockJumpsAlone() {
    long nanos = scheduler.clock().nanoTime();
    Instant wall = scheduler.clock().wallTime();

    scheduler.virtualClock().jumpWall(Duration.ofDays(1));

    assertThat(scheduler.clock().nanoTime()).isEqualTo(nanos);
    assertThat(scheduler.clock().wallTime()).isEqualTo(wall.plus(Duration.ofDays(1)));
  }

  @Test
  void aCircleWithoutTimeIsNoticed() {
    scheduler.execute(this::again);

    assertThatIllegalStateException()
        .isThrownBy(scheduler::runUntilIdle)
        .withMessageStartingWith("runs in a circle");
  }

  @Test
  void aTaskMayNotMoveTime() {
    scheduler.execute(() -> scheduler.advance(Duration.ZERO));

    assertThatIllegalStateException().isThrownBy(scheduler::runUntilIdle);
  }

  private void again() {
    scheduler.execute(this::again);
  }

  private void note(String what, Duration at) {
    var unused = scheduler.schedule(at, () -> ran.add(what));
  }
}
