package dev.holdfast.simulation.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import dev.holdfast.core.testkit.Schedules;
import dev.holdfast.streams.session.SessionRules;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Thousands of {@link StreamSimulation}s of the session; {@code -Dholdfast.schedules=30000} for
 * more.
 */
class StreamSimulationTest {
  private static final int SCHEDULES = 10_000;
  private static final int SCHEDULES_PER_MUTANT = 20_000;

  @Test
  // Seconds of CPU, but minutes on a machine that does much else.
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void everyGuaranteeHoldsInEverySchedule() {
    Schedules.runAll(
        StreamSimulationTest.class,
        "simulation",
        SCHEDULES,
        StreamCoverage.class,
        seed -> StreamSimulation.play(seed, SessionRules.STANDARD));
  }

  @ParameterizedTest
  @EnumSource
  void everyMutantIsCaught(SessionMutant sessionMutant) {
    for (long seed = 0; seed < SCHEDULES_PER_MUTANT; seed++) {
      try {
        StreamSimulation.play(seed, sessionMutant.rules());
      } catch (GuaranteeViolation e) {
        assertThat(e).hasMessageContaining("guarantee ");
        return;
      }
    }
    fail(sessionMutant + " was not caught");
  }
}
