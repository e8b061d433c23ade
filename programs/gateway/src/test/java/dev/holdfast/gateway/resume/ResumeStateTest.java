package dev.holdfast.gateway.resume;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ResumeStateTest {
  @Test
  void theTableHasTheseStepsAndNoOther() {
    assertThat(next(ResumeState.READING)).isEqualTo(EnumSet.allOf(ResumeState.class));
    assertThat(next(ResumeState.AWAY)).containsOnly(ResumeState.READING, ResumeState.CLOSED);
    assertThat(next(ResumeState.DELIVERED)).containsOnly(ResumeState.READING, ResumeState.CLOSED);
    assertThat(next(ResumeState.CLOSED)).isEmpty();
  }

  private static Set<ResumeState> next(ResumeState from) {
    EnumSet<ResumeState> next = EnumSet.allOf(ResumeState.class);
    next.removeIf(each -> !from.mayBecome(each));
    return next;
  }
}
