package dev.holdfast.gateway.call;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CallStateTest {
  @ParameterizedTest
  @EnumSource(names = "OVER", mode = EnumSource.Mode.EXCLUDE)
  void everyCallMayEndInAnyState(CallState state) {
    assertThat(state.mayBecome(CallState.OVER)).isTrue();
  }

  @Test
  void nothingFollowsTheEnd() {
    assertThat(CallState.OVER.next()).isEmpty();
  }

  @Test
  void noAttemptFollowsAResponseThatBegan() {
    assertThat(reachableFrom(CallState.RESPONDING)).containsExactly(CallState.OVER);
  }

  @Test
  void responseBeginsOnAnAttemptOnly() {
    assertThat(Arrays.stream(CallState.values()).filter(s -> s.mayBecome(CallState.RESPONDING)))
        .containsExactly(CallState.ATTEMPT);
  }

  @Test
  void attemptNeedsAConnection() {
    assertThat(Arrays.stream(CallState.values()).filter(s -> s.mayBecome(CallState.ATTEMPT)))
        .containsExactly(CallState.CONNECTING);
  }

  @ParameterizedTest
  @EnumSource(names = "ROUTING", mode = EnumSource.Mode.EXCLUDE)
  void everyStateIsReached(CallState state) {
    assertThat(reachableFrom(CallState.ROUTING)).contains(state);
  }

  private static Set<CallState> reachableFrom(CallState from) {
    Set<CallState> reached = EnumSet.noneOf(CallState.class);
    Set<CallState> open = EnumSet.of(from);
    while (!open.isEmpty()) {
      CallState state = open.iterator().next();
      open.remove(state);
      for (CallState next : state.next()) {
        if (reached.add(next)) {
          open.add(next);
        }
      }
    }
    return reached;
  }
}
