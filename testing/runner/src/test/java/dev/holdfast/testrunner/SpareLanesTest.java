package dev.holdfast.testrunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

/** Tasks that are begun while cores are idle, by a load and a time that the test makes. */
class SpareLanesTest {
  private static final double IDLE = 0.3;
  private static final double BUSY = 1.0;

  private final Queue<Callable<String>> first = new ConcurrentLinkedQueue<>();
  private final Queue<Callable<String>> second = new ConcurrentLinkedQueue<>();
  private final AtomicInteger looks = new AtomicInteger();

  @Test
  void taskBeginsAfterFiveSecondsInWhichAQuarterOfTheTimeWasLeft() throws Exception {
    first.add(() -> "at " + looks.get());

    assertThat(drain(1, BUSY, BUSY, BUSY, BUSY, IDLE, BUSY, IDLE, BUSY, IDLE))
        .containsExactly("at 7");
  }

  @Test
  void noTaskBeginsWhileLessIsLeft() throws Exception {
    first.add(() -> "at " + looks.get());

    assertThat(drain(1, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.5)).containsExactly("at 7");
  }

  @Test
  void loadThatIsNotKnownCountsAsBusy() throws Exception {
    first.add(() -> "at " + looks.get());

    assertThat(drain(1, IDLE, -1, IDLE, Double.NaN, IDLE, IDLE, IDLE, IDLE, IDLE))
        .containsExactly("at 9");
  }

  @Test
  void nextTaskWaitsForFiveSecondsThatAreIdleBesideTheFirst() throws Exception {
    CountDownLatch secondBegan = new CountDownLatch(1);
    first.add(
        () -> {
          secondBegan.await();
          return "first";
        });
    second.add(
        () -> {
          secondBegan.countDown();
          return "second at " + looks.get();
        });

    assertThat(drain(2, IDLE, IDLE, IDLE, IDLE, IDLE, BUSY, BUSY, BUSY, BUSY, IDLE, IDLE, IDLE))
        .containsExactly("first", "second at 11");
  }

  @Test
  void noMoreTasksAreAtWorkThanLanes() throws Exception {
    CountDownLatch lookedLong = new CountDownLatch(1);
    AtomicInteger atWork = new AtomicInteger();
    for (int i = 0; i < 3; i++) {
      first.add(
          () -> {
            String seen = atWork.incrementAndGet() > 2 ? "too many" : "few";
            lookedLong.await();
            atWork.decrementAndGet();
            return seen;
          });
    }
    SpareLanes lanes =
        new SpareLanes(
            2,
            () -> IDLE,
            millis -> {
              if (looks.incrementAndGet() == 5 * SpareLanes.IDLE_SECONDS) {
                lookedLong.countDown();
              }
              Thread.onSpinWait();
            });

    assertThat(lanes.drain(List.of(first))).containsOnly("few").hasSize(3);
  }

  @Test
  void emptyQueuesNeedNoLook() throws Exception {
    assertThat(drain(2)).isEmpty();
    assertThat(looks).hasValue(0);
  }

  @Test
  void taskThatThrowsEndsTheRun() {
    first.add(
        () -> {
          throw new IllegalStateException("no room");
        });

    assertThatThrownBy(() -> drain(1, IDLE, IDLE, IDLE, IDLE, IDLE))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("no room");
  }

  private List<String> drain(int lanes, double... loads) throws Exception {
    ArrayDeque<Double> left = new ArrayDeque<>(DoubleStream.of(loads).boxed().toList());
    return new SpareLanes(lanes, left::remove, millis -> looks.incrementAndGet())
        .drain(List.of(first, second));
  }
}
