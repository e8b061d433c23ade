package dev.holdfast.gateway.resume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.EnumSet;
import java.util.Set;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests of what readers of a resumable stream get, over many seeded bad hours. */
class ResumeSimulationTest {
  private static final int SEEDS = 2_000;

  @Test
  void readersGetEachMessageOnceInOrderOrHearWhatIsMissing() {
    Set<ResumeSimulation.Marker> met = EnumSet.noneOf(ResumeSimulation.Marker.class);
    run(ResumeStateMachine::new, met);
    assertThat(met).containsExactlyInAnyOrder(ResumeSimulation.Marker.values());
  }

  @ParameterizedTest
  @EnumSource
  void mutantIsCaught(ResumeMutants mutant) {
    Set<ResumeSimulation.Marker> met = EnumSet.noneOf(ResumeSimulation.Marker.class);
    assertThatThrownBy(() -> run(mutant, met)).isInstanceOf(AssertionError.class);
  }

  private static void run(
      BiFunction<Long, Long, ResumeStateMachine> machines, Set<ResumeSimulation.Marker> met) {
    for (long seed = 1; seed <= SEEDS; seed++) {
      ResumeSimulation simulation = new ResumeSimulation(seed, machines);
      try {
        simulation.run();
      } catch (AssertionError | IllegalArgumentException e) {
        throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
      }
      met.addAll(simulation.met);
    }
  }
}
