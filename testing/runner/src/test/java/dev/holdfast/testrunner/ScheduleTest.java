package dev.holdfast.testrunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ScheduleTest {
  @Test
  void resultsAreInTheOrderOfTheTasks() throws Exception {
    CountDownLatch second = new CountDownLatch(1);
    List<Callable<String>> tasks =
        List.of(
            () -> {
              second.await();
              return "first";
            },
            () -> {
              second.countDown();
              return "second";
            });

    assertThat(Schedule.run(tasks, 2)).containsExactly("first", "second");
  }

  @Test
  void asManyRunAtOnceAsAllowedAndNoMore() throws Exception {
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CyclicBarrier pair = new CyclicBarrier(2);
    Callable<Integer> task =
        () -> {
          most.accumulateAndGet(running.incrementAndGet(), Math::max);
          // Waits for the other one: were there no two at once this would never end.
          pair.await();
          running.decrementAndGet();
          return 0;
        };

    Schedule.run(Collections.nCopies(6, task), 2);

    assertThat(most.get()).isLessThanOrEqualTo(2);
  }

  @Test
  void tasksBeginInTheirOrder() throws Exception {
    List<Integer> begun = Collections.synchronizedList(new ArrayList<>());
    List<Callable<Boolean>> tasks = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      int number = i;
      tasks.add(() -> begun.add(number));
    }

    Schedule.run(tasks, 1);

    assertThat(begun).containsExactly(0, 1, 2, 3, 4);
  }

  @Test
  void taskThatThrowsEndsTheOthers() {
    CountDownLatch never = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    CountDownLatch waits = new CountDownLatch(1);
    Callable<Void> broken =
        () -> {
          waits.await();
          throw new IOException("broken");
        };
    Callable<Void> endless =
        () -> {
          try {
            waits.countDown();
            never.await();
          } catch (InterruptedException e) {
            interrupted.countDown();
          }
          throw new IOException("ended");
        };

    assertThatThrownBy(() -> Schedule.run(List.of(broken, endless), 2))
        .hasRootCauseMessage("broken");
    assertThat(interrupted).satisfies(CountDownLatch::await);
  }
}
