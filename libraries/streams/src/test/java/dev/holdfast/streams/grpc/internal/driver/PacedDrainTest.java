package dev.holdfast.streams.grpc.internal.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.testkit.VirtualScheduler;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PacedDrainTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final Queue<Integer> told = new ConcurrentLinkedQueue<>();

  @Test
  void fewAreToldOneAfterTheOther() {
    CompletableFuture<Void> done = tell(3, LONG);
    assertThat(told).hasSize(1);
    turn(2);
    assertThat(done).isNotDone();
    turn(3);
    assertThat(told).containsExactlyInAnyOrder(0, 1, 2);
    await().until(done::isDone);
  }

  @Test
  void manyAreToldWithinTheSpread() {
    CompletableFuture<Void> done = tell(100, Duration.ofMillis(400));
    for (int sum = 10; sum <= 100; sum += 10) {
      assertThat(told).hasSize(sum).doesNotHaveDuplicates();
      if (sum < 100) {
        turn(sum + 10);
      }
    }
    await().until(done::isDone);
  }

  @Test
  void someMoreThanTurnsTakeTheWholeSpread() {
    CompletableFuture<Void> done = tell(6, Duration.ofMillis(200));
    assertThat(told).hasSize(2);
    for (int sum = 3; sum <= 6; sum++) {
      turn(sum);
    }
    await().until(done::isDone);
  }

  @Test
  void theSpreadHasABound() {
    CompletableFuture<Void> done = tell(4_000, Duration.ofHours(1));
    assertThat(told).hasSize(10);
    turn(20);
    assertThat(done).isNotDone();
  }

  @Test
  void aShortGraceTimeIsNotSpentOnIt() {
    CompletableFuture<Void> done = tell(100, Duration.ofMillis(80));
    assertThat(told).hasSize(50);
    turn(100);
    await().until(done::isDone);
  }

  @Test
  void withoutGraceTimeAllAreToldAtOnce() {
    assertThat(tell(100, Duration.ZERO)).isCompleted();
    assertThat(told).hasSize(100);
  }

  @Test
  void theOrderIsNotThatOfTheList() {
    assertThat(tell(100, Duration.ZERO)).isCompleted();
    assertThat(List.copyOf(told)).isNotEqualTo(IntStream.range(0, 100).boxed().toList());
  }

  @Test
  void streamsAreNotToldOnTheThreadThatKeepsLeases() {
    Queue<Boolean> current = new ConcurrentLinkedQueue<>();
    CompletableFuture<Void> done =
        PacedDrain.tell(
                scheduler,
                List.of(0, 1, 2),
                LONG,
                number -> {
                  current.add(scheduler.isCurrent());
                  told.add(number);
                })
            .toCompletableFuture();
    turn(2);
    turn(3);
    await().until(done::isDone);
    assertThat(current).containsExactly(false, false, false);
  }

  @Test
  void theOthersHearOfItWhateverBecomesOfOne() {
    CompletableFuture<Void> done =
        PacedDrain.tell(
                scheduler,
                List.of(0, 1, 2),
                Duration.ZERO,
                number -> {
                  told.add(number);
                  throw new IllegalStateException("of stream " + number);
                })
            .toCompletableFuture();
    assertThat(done).isCompleted();
    assertThat(told).hasSize(3);
  }

  private CompletableFuture<Void> tell(int streams, Duration grace) {
    return PacedDrain.tell(
            scheduler, IntStream.range(0, streams).boxed().toList(), grace, told::add)
        .toCompletableFuture();
  }

  /** Lets the next turn come, until so many are told: it runs on a thread of its own. */
  private void turn(int sum) {
    await().until(() -> scheduler.pending() == 1);
    scheduler.advance(Duration.ofMillis(10));
    await().until(() -> told.size() == sum);
  }
}
