package dev.holdfast.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SessionStateTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "NEW | OPENING,LOST,CLOSED",
        "OPENING | ATTACHED,DETACHED,LOST,CLOSED",
        "ATTACHED | SUSPECT,DRAIN,DETACHED,LOST,CLOSED",
        "SUSPECT | ATTACHED,RACING,DRAIN,DETACHED,LOST,CLOSED",
        "RACING | ATTACHED,SUSPECT,RESUMING,DETACHED,LOST,CLOSED",
        "DRAIN | HANDOVER,ATTACHED,DETACHED,LOST,CLOSED",
        "HANDOVER | ATTACHED,DRAIN,RESUMING,DETACHED,LOST,CLOSED",
        "DETACHED | RESUMING,LOST,CLOSED",
        "RESUMING | ATTACHED,DETACHED,LOST,CLOSED",
        "LOST | ''",
        "CLOSED | ''",
      })
  void everyStepIsInTheTableOrIsRefused(SessionState from, String allowed) {
    Set<SessionState> expected =
        Stream.of(allowed.split(","))
            .filter(name -> !name.isEmpty())
            .map(SessionState::valueOf)
            .collect(Collectors.toCollection(() -> EnumSet.noneOf(SessionState.class)));
    for (SessionState to : SessionState.values()) {
      assertThat(from.mayBecome(to)).as(from + " -> " + to).isEqualTo(expected.contains(to));
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyStateLeadsToAnEnd(SessionState state) {
    assertThat(state.isTerminal() || state.mayBecome(SessionState.CLOSED)).isTrue();
  }

  @Test
  void codesOfTheMeterAreDistinct() {
    assertThat(Stream.of(SessionState.values()).map(SessionState::code)).doesNotHaveDuplicates();
  }
}
