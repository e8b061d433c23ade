package dev.holdfast.gateway.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.testkit.Schedules;
import dev.holdfast.gateway.call.CallSimulation.Marker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Thousands of {@link Schedules} of events against the machine of a call. */
class CallSimulationTest {
  private static final int SCHEDULES = 20_000;
  private static final int SCHEDULES_PER_MUTANT = 20_000;
  private static final Path ROOT = Path.of(System.getProperty("holdfast.root", "../.."));

  @Test
  // Seconds of CPU, but minutes on a machine that does much else.
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void everyGuaranteeHoldsInEverySchedule() {
    Schedules.runAll(
        CallSimulationTest.class,
        "gateway",
        SCHEDULES,
        Marker.class,
        seed -> {
          CallSimulation simulation = new CallSimulation(seed, CallStateMachine::new);
          simulation.run();
          return simulation.reached;
        });
  }

  @ParameterizedTest
  @EnumSource
  void everyMutantIsCaught(CallMutants mutant) {
    Schedules.assertCaught(
        mutant, SCHEDULES_PER_MUTANT, seed -> new CallSimulation(seed, mutant).run());
  }

  @ParameterizedTest
  @EnumSource
  void everyGuaranteeIsInTheDocument(CallGuarantee guarantee) throws IOException {
    assertThat(Files.readString(ROOT.resolve("docs/guarantees.md")))
        .contains("| " + guarantee + " |");
  }
}
