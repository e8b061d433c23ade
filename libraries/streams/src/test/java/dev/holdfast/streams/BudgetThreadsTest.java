package dev.holdfast.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.testkit.ChildJvm;
import org.junit.jupiter.api.Test;

/** The budget that all sessions share, in each order of their steps that a bounded search finds. */
class BudgetThreadsTest {
  @Test
  void noByteIsForgottenWhateverTheOrderAndWithoutAnAtomicSomeAre() throws Exception {
    try (ChildJvm search = ChildJvm.start(BudgetThreads.class)) {
      assertThat(search.await(BudgetThreads.VERDICT)).isEqualTo(BudgetThreads.HELD);
      assertThat(search.await(BudgetThreads.VERDICT)).isEqualTo(BudgetThreads.BROKEN);
    }
  }
}
