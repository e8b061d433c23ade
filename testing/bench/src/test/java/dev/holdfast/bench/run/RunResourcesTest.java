package dev.holdfast.bench.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RunResourcesTest {
  private final List<String> closed = new ArrayList<>();

  @Test
  void closesInReverseOrderAndOnce() {
    RunResources runResources = new RunResources();
    runResources.own(() -> closed.add("etcd"));
    runResources.own(() -> closed.add("channel"));
    runResources.close();
    runResources.close();
    assertThat(closed).containsExactly("channel", "etcd");
  }

  @Test
  void closesTheOthersWhenOneFailsToClose() {
    RunResources runResources = new RunResources();
    runResources.own(() -> closed.add("etcd"));
    runResources.own(
        () -> {
          throw new IOException("stuck");
        });
    runResources.close();
    assertThat(closed).containsExactly("etcd");
  }

  @Test
  void whatIsStartedAfterTheEndIsClosedAtOnce() {
    RunResources runResources = new RunResources();
    runResources.close();
    assertThatThrownBy(() -> runResources.own(() -> closed.add("late")))
        .hasMessage("the run was stopped");
    assertThat(closed).containsExactly("late");
    assertThat(runResources.isClosed()).isTrue();
  }
}
