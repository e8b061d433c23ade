package dev.holdfast.gateway.resume;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RelayBudgetTest {
  @Test
  void leavesATenthOfTheOpenFilesForConnections() {
    RelayBudget relays = new RelayBudget(1_000);
    for (int i = 0; i < 900; i++) {
      assertThat(relays.take()).isTrue();
    }
    assertThat(relays.take()).isFalse();
    relays.giveBack();
    assertThat(relays.take()).isTrue();
    assertThat(relays.take()).isFalse();
  }

  @Test
  void theProcessHasOne() {
    assertThat(RelayBudget.ofProcess().take()).isTrue();
  }
}
