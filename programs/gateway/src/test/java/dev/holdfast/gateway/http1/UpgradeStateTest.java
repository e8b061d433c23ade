package dev.holdfast.gateway.http1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class UpgradeStateTest {
  @Test
  void upgradeIsDecidedOnceTheRequestHasEnded() {
    assertThat(UpgradeState.REQUESTED.next()).isEqualTo(UpgradeState.DECIDING);
    assertThat(UpgradeState.DECIDING.next()).isEqualTo(UpgradeState.OPEN);
  }

  @ParameterizedTest
  @EnumSource(names = {"NONE", "OPEN"})
  void nothingFollows(UpgradeState state) {
    assertThatThrownBy(state::next).isInstanceOf(IllegalStateException.class);
  }
}
