package dev.holdfast.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.lab.process.RecordedJvm;
import org.junit.jupiter.api.Test;

/** The budget that all sessions share, in each order of their steps that a bounded search finds. */
class BudgetModelCheckTest {
  @Test
  void noByteIsForgottenWhateverTheOrderAndWithoutAnAtomicSomeAre() throws Exception {
    try (RecordedJvm search = RecordedJvm.start(BudgetModelCheck.class)) {
      assertThat(search.await(BudgetModelCheck.VERDICT)).isEqualTo(BudgetModelCheck.HELD);
      assertThat(search.await(BudgetModelCheck.VERDICT)).isEqualTo(BudgetModelCheck.BROKEN);
    }
  }
}
