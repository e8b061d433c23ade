package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SystemSchedulerTest {
  private final SystemScheduler scheduler = SystemScheduler.create("test-loop");
  private final List<String> ran = new CopyOnWriteArrayList<>();

  @AfterEach
  void close() {
    scheduler.close();
  }

  @Test
  void tasksRunInOrderOnOneThread() {
    for (int i = 0; i < 100; i++) {
      int number = i;
      scheduler.execute(() -> ran.add(number + Thread.currentThread().getName()));
    }

    await().until(() -> ran.size() == 100);
    for (int i = 0; i < 100; i++) {
      assertThat(ran.get(i)).isEqualTo(i + "test-loop");
    }
  }

  @Test
  void aTaskThatThrowsDoesNotStopTheLoop() {
    scheduler.execute(
        () -> {
          throw new IllegalStateException("task of the test");
        });
    scheduler.execute(() -> ran.add("after"));

    await().untilAsserted(() -> assertThat(ran).containsExactly("after"));
  }

  @Test
  void aTimerThatWasClosedOnTheLoopDoesNotRun() {
    scheduler.execute(
        () -> {
          Subscription timer = scheduler.schedule(Duration.ZERO, () -> ran.add("closed"));
          var unused = scheduler.schedule(Duration.ofMillis(20), () -> ran.add("later"));
          timer.close();
          timer.close();
        });

    await().untilAsserted(() -> assertThat(ran).containsExactly("later"));
  }

  /** Threads that ask others end later than the loop to which they bring the answer. */
  @Test
  void whatComesAfterTheCloseIsDropped() {
    scheduler.close();
    scheduler.execute(() -> ran.add("task"));
    scheduler.schedule(Duration.ZERO, () -> ran.add("timer")).close();
    assertThat(ran).isEmpty();
  }

  @Test
  void onlyTheLoopIsCurrent() {
    AtomicBoolean current = new AtomicBoolean();
    scheduler.execute(() -> current.set(scheduler.isCurrent()));

    await().untilTrue(current);
    assertThat(scheduler.isCurrent()).isFalse();
  }
}
