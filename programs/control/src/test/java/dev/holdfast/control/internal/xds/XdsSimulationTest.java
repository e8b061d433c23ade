package dev.holdfast.control.internal.xds;

import dev.holdfast.control.internal.xds.XdsSimulation.Marker;
import dev.holdfast.control.internal.xds.XdsSimulation.Sound;
import dev.holdfast.core.testkit.Schedules;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Thousands of {@link Schedules} against what streams are owed. */
class XdsSimulationTest {
  private static final int SCHEDULES = 3_000;
  private static final int SCHEDULES_PER_MUTANT = 2_000;

  @Test
  // Seconds of CPU, but minutes on a machine that does much else.
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void everyGuaranteeHoldsInEverySchedule() {
    Schedules.runAll(
        XdsSimulationTest.class,
        "control",
        SCHEDULES,
        Marker.class,
        seed -> {
          XdsSimulation simulation = new XdsSimulation(seed, Sound.SOUND);
          simulation.run();
          return simulation.reached;
        });
  }

  @ParameterizedTest
  @EnumSource
  void everyMutantIsCaught(XdsMutant mutant) {
    Schedules.assertCaught(
        mutant, SCHEDULES_PER_MUTANT, seed -> new XdsSimulation(seed, mutant).run());
  }
}
