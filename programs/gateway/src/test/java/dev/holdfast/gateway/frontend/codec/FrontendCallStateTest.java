package dev.holdfast.gateway.frontend.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FrontendCallStateTest {
  @ParameterizedTest
  @EnumSource(names = "OVER", mode = EnumSource.Mode.EXCLUDE)
  void everyCallMayEndInAnyState(FrontendCallState state) {
    assertThat(state.mayBecome(FrontendCallState.OVER)).isTrue();
  }

  @Test
  void nothingFollowsTheEnd() {
    assertThat(FrontendCallState.values()).noneMatch(FrontendCallState.OVER::mayBecome);
  }

  @Test
  void requestIsHandedOnOnceItWasRead() {
    assertThat(Arrays.stream(FrontendCallState.values()).filter(this::leadsToHalfClosed))
        .containsExactly(FrontendCallState.COMPLETING);
    assertThat(FrontendCallState.READING.mayBecome(FrontendCallState.COMPLETING)).isTrue();
  }

  private boolean leadsToHalfClosed(FrontendCallState state) {
    return state.mayBecome(FrontendCallState.HALF_CLOSED);
  }
}
