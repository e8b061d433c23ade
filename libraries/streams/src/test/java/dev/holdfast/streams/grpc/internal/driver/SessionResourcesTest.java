package dev.holdfast.streams.grpc.internal.driver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.BufferBudget;
import org.junit.jupiter.api.Test;

class SessionResourcesTest {
  @Test
  void oneBudgetIsForAllChannelsAndServersOfAProcess() {
    assertThat(SessionResources.standard().budget())
        .isSameAs(BufferBudget.ofProcess())
        .isSameAs(SessionResources.standard().budget());
  }
}
