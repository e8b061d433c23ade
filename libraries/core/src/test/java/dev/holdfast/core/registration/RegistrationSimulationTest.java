package dev.holdfast.core.registration;

import dev.holdfast.core.QuietLogs;
import dev.holdfast.core.registration.RegistrationSimulation.Marker;
import dev.holdfast.core.testkit.Schedules;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Thousands of {@link Schedules} of faults against registrations. */
class RegistrationSimulationTest {
  private static final int SCHEDULES = 5_000;
  private static final int SCHEDULES_PER_MUTANT = 2_000;

  @BeforeAll
  static void beQuiet() {
    QuietLogs.of(InstanceRegistration.class);
  }

  @Test
  // Seconds of CPU, but minutes on a machine that does much else.
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void everyGuaranteeHoldsInEverySchedule() {
    Schedules.runAll(
        RegistrationSimulationTest.class,
        "core",
        SCHEDULES,
        Marker.class,
        seed -> {
          RegistrationSimulation simulation =
              new RegistrationSimulation(seed, RegistrationStateMachine::new);
          simulation.run();
          return simulation.reached;
        });
  }

  @ParameterizedTest
  @EnumSource
  void everyMutantIsCaught(RegistrationMutants mutant) {
    Schedules.assertCaught(
        mutant, SCHEDULES_PER_MUTANT, seed -> new RegistrationSimulation(seed, mutant).run());
  }
}
