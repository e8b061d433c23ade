package dev.holdfast.gateway.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.EnumSet;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which endpoints are left out, over many seeded bad hours. */
class OutlierSimulationTest {
  private static final int SEEDS = 100;

  @Test
  void theRightOnesAreLeftOutAndComeBack() {
    Set<OutlierSimulation.Marker> met = EnumSet.noneOf(OutlierSimulation.Marker.class);
    run(OutlierPolicy::new, met);
    assertThat(met).containsExactlyInAnyOrder(OutlierSimulation.Marker.values());
  }

  @ParameterizedTest
  @EnumSource
  void mutantIsCaught(OutlierMutants mutant) {
    Set<OutlierSimulation.Marker> met = EnumSet.noneOf(OutlierSimulation.Marker.class);
    assertThatThrownBy(() -> run(mutant, met)).isInstanceOf(AssertionError.class);
  }

  private static void run(
      Function<OutlierOptions, OutlierPolicy> policies, Set<OutlierSimulation.Marker> met) {
    for (long seed = 1; seed <= SEEDS; seed++) {
      OutlierSimulation simulation = new OutlierSimulation(seed, policies);
      try {
        simulation.run();
      } catch (AssertionError e) {
        throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
      }
      met.addAll(simulation.met);
    }
  }
}
