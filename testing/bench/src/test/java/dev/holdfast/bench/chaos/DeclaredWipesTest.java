package dev.holdfast.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.RegistrySnapshot;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class DeclaredWipesTest {
  private long nowNanos = -5;
  private final MemoryLosses losses = new MemoryLosses(() -> nowNanos);
  private final DeclaredWipes wipes = new DeclaredWipes(losses, () -> nowNanos);

  @Test
  void aLossExplainsOneWipe() {
    epoch(1);
    losses.count();
    epoch(2);
    assertThat(wipes.unexplained()).isEmpty();
    epoch(3);
    assertThat(wipes.unexplained()).containsExactly(nowNanos);
  }

  @Test
  void aWipeWithoutALossIsFalse() {
    epoch(1);
    epoch(1);
    epoch(2);
    assertThat(wipes.unexplained()).hasSize(1);
  }

  /** An answer from before the second loss is read after it, on a busy machine. */
  @Test
  void twoLossesAreHeardOfOneAfterTheOtherBehindTheSecond() {
    epoch(1);
    losses.count();
    losses.count();
    epoch(2);
    epoch(3);
    assertThat(wipes.unexplained()).isEmpty();
    epoch(4);
    assertThat(wipes.unexplained()).hasSize(1);
  }

  @Test
  void twoLossesAreHeardOfAsOneWipe() {
    epoch(1);
    losses.count();
    losses.count();
    epoch(2);
    pass(Duration.ofSeconds(61));
    epoch(3);
    assertThat(wipes.unexplained()).hasSize(1);
  }

  @Test
  void aLossOfMoreThanAMinuteAgoExplainsNothing() {
    epoch(1);
    losses.count();
    pass(Duration.ofSeconds(60));
    epoch(2);
    assertThat(wipes.unexplained()).isEmpty();
    losses.count();
    pass(Duration.ofSeconds(61));
    epoch(3);
    assertThat(wipes.unexplained()).hasSize(1);
  }

  @Test
  void lossesFromBeforeTheClientExplainNothing() {
    losses.count();
    DeclaredWipes later = new DeclaredWipes(losses, () -> nowNanos);
    later.onSnapshot(new RegistrySnapshot(EndpointSet.EMPTY, 7));
    later.onSnapshot(new RegistrySnapshot(EndpointSet.EMPTY, 8));
    assertThat(later.unexplained()).hasSize(1);
  }

  private void epoch(long epoch) {
    wipes.onSnapshot(new RegistrySnapshot(EndpointSet.EMPTY, epoch));
  }

  private void pass(Duration time) {
    nowNanos += time.toNanos();
  }
}
