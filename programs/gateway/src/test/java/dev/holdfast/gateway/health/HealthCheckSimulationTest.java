package dev.holdfast.gateway.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** When a server is asked for its health and what is made of it, over many seeded bad hours. */
class HealthCheckSimulationTest {
  private static final int SEEDS = 200;

  @Test
  void whatAServerIsLikeIsFoundOutWithoutAskingTooOften() {
    Set<HealthCheckSimulation.Marker> met = EnumSet.noneOf(HealthCheckSimulation.Marker.class);
    for (long seed = 1; seed <= SEEDS; seed++) {
      HealthCheckSimulation simulation = new HealthCheckSimulation(seed);
      try {
        simulation.run();
      } catch (AssertionError e) {
        throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
      }
      met.addAll(simulation.met);
    }
    assertThat(met).containsExactlyInAnyOrder(HealthCheckSimulation.Marker.values());
  }
}
