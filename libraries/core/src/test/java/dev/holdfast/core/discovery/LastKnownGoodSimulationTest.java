package dev.holdfast.core.discovery;

import dev.holdfast.core.QuietLogs;
import dev.holdfast.core.discovery.LastKnownGoodSimulation.Marker;
import dev.holdfast.core.testkit.Schedules;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Thousands of {@link Schedules} of faults against the failure policy. */
class LastKnownGoodSimulationTest {
  private static final int SCHEDULES = 6_000;
  private static final int SCHEDULES_PER_MUTANT = 2_000;

  @BeforeAll
  static void beQuiet() {
    QuietLogs.of(SharedServiceWatch.class);
  }

  @Test
  // Seconds of CPU, but minutes on a machine that does much else.
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void everyGuaranteeHoldsInEverySchedule() {
    Schedules.runAll(
        LastKnownGoodSimulationTest.class,
        "core",
        SCHEDULES,
        Marker.class,
        seed -> {
          LastKnownGoodSimulation simulation =
              new LastKnownGoodSimulation(seed, LastKnownGoodEndpoints::new);
          simulation.run();
          return simulation.reached;
        });
  }

  @ParameterizedTest
  @EnumSource
  void everyMutantIsCaught(LastKnownGoodMutants mutant) {
    Schedules.assertCaught(
        mutant, SCHEDULES_PER_MUTANT, seed -> new LastKnownGoodSimulation(seed, mutant).run());
  }
}
