package dev.holdfast.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScopeTest {
  private final List<String> closed = new ArrayList<>();

  @Test
  void closesInReverseOrderAndOnce() {
    Scope scope = new Scope();
    scope.own(() -> closed.add("etcd"));
    scope.own(() -> closed.add("channel"));
    scope.close();
    scope.close();
    assertThat(closed).containsExactly("channel", "etcd");
  }

  @Test
  void closesTheOthersWhenOneFailsToClose() {
    Scope scope = new Scope();
    scope.own(() -> closed.add("etcd"));
    scope.own(
        () -> {
          throw new IOException("stuck");
        });
    scope.close();
    assertThat(closed).containsExactly("etcd");
  }

  @Test
  void whatIsStartedAfterTheEndIsClosedAtOnce() {
    Scope scope = new Scope();
    scope.close();
    assertThatThrownBy(() -> scope.own(() -> closed.add("late"))).hasMessage("the run was stopped");
    assertThat(closed).containsExactly("late");
    assertThat(scope.isClosed()).isTrue();
  }
}
