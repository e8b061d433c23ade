package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.core.testkit.VirtualScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DrainSignalTest {
  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final DrainSignal signal = new DrainSignal(scheduler.clock());
  private final List<String> heard = new ArrayList<>();

  @Test
  void everyListenerHearsItOnceAndTheFirstDeadlineCounts() {
    signal.onDrain(() -> heard.add("a"));
    signal.onDrain(() -> heard.add("b")).close();
    assertThat(signal.isDraining()).isFalse();
    assertThat(signal.remaining()).isEmpty();

    signal.begin(Duration.ofSeconds(10));
    signal.begin(Duration.ofHours(1));

    assertThat(heard).containsExactly("a");
    assertThat(signal.isDraining()).isTrue();
    scheduler.advance(Duration.ofSeconds(4));
    assertThat(signal.remaining()).contains(Duration.ofSeconds(6));
    scheduler.advance(Duration.ofHours(2));
    assertThat(signal.remaining()).contains(Duration.ZERO);
  }

  @Test
  void whoComesLateHearsItAtOnce() {
    signal.begin(Duration.ZERO);

    signal.onDrain(() -> heard.add("late"));

    assertThat(heard).containsExactly("late");
  }

  @Test
  void aListenerThatThrowsDoesNotKeepTheOthersFromHearing() {
    signal.onDrain(
        () -> {
          throw new IllegalStateException("listener of the test");
        });
    signal.onDrain(() -> heard.add("b"));

    signal.begin(Duration.ZERO);

    assertThat(heard).containsExactly("b");
  }

  @Test
  void theSameActionMayListenTwiceAndLeaveOnce() {
    Runnable action = () -> heard.add("x");
    signal.onDrain(action);
    signal.onDrain(action).close();

    signal.begin(Duration.ZERO);

    assertThat(heard).containsExactly("x");
  }

  @Test
  void aNegativeGraceIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> signal.begin(Duration.ofSeconds(-1)))
        .withMessage("grace: PT-1S (expected: >= 0)");
  }
}
