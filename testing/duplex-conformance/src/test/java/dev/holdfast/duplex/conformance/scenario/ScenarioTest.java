package dev.holdfast.duplex.conformance.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ScenarioTest {
  private static final Scenario MOVING =
      new Scenario(
          "moving",
          Scenario.Role.PAIR,
          List.of("H1"),
          Set.of("cursor", "hand-over", "server-streaming"),
          stage -> {});
  private static final Set<String> ALL = MOVING.needs();

  @Test
  void aPairOfTwoThatHaveEverythingLacksNothing() {
    assertThat(MOVING.unmetNeeds(ALL, ALL)).isEmpty();
    assertThat(
            MOVING.unmetNeeds(
                Set.of("hand-over", "server-streaming"), Set.of("cursor", "server-streaming")))
        .isEmpty();
  }

  /** A server of an earlier version, whose client is of a later one. */
  @Test
  void anOptionOfTheServerIsNotMetByItsClient() {
    assertThat(MOVING.unmetNeeds(ALL, Set.of("server-streaming"))).containsExactly("cursor");
    assertThat(MOVING.unmetNeeds(Set.of("server-streaming"), ALL)).containsExactly("hand-over");
  }

  @Test
  void kindOfMethodIsNeededOnBothSides() {
    assertThat(MOVING.unmetNeeds(Set.of("hand-over"), ALL)).containsExactly("server-streaming");
    assertThat(MOVING.unmetNeeds(ALL, Set.of("cursor"))).containsExactly("server-streaming");
  }
}
