package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import dev.holdfast.core.RegistrationSimulation.Marker;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Thousands of schedules of faults against registrations. {@code -Dholdfast.seed=N} runs one of
 * them alone, {@code -Dholdfast.schedules=N} more of them.
 */
class RegistrationSimulationTest {
  private static final Logger log = LoggerFactory.getLogger(RegistrationSimulationTest.class);
  private static final int SCHEDULES = Integer.getInteger("holdfast.schedules", 5_000);
  private static final int SCHEDULES_PER_MUTANT = 2_000;

  @BeforeAll
  static void beQuiet() {
    QuietLogs.of(InstanceRegistration.class);
  }

  @Test
  // Seconds of CPU, but minutes on a machine that does much else.
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void everyGuaranteeHoldsInEverySchedule() {
    Long only = Long.getLong("holdfast.seed");
    Map<Marker, Integer> reached = new EnumMap<>(Marker.class);
    long first = only == null ? 0 : only;
    long last = only == null ? SCHEDULES : only + 1;
    for (long seed = first; seed < last; seed++) {
      RegistrationSimulation simulation = new RegistrationSimulation(seed, Registration::new);
      try {
        simulation.run();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError(
            "seed "
                + seed
                + "; replay: mvn -o -pl core -am test -Dtest=RegistrationSimulationTest"
                + " -Dholdfast.seed="
                + seed,
            e);
      }
      simulation.reached.forEach((marker, times) -> reached.merge(marker, times, Integer::sum));
    }
    log.info("event=simulated schedules={} reached={}", last - first, reached);
    if (only == null) {
      assertThat(reached).as("rare paths that were reached").containsOnlyKeys(Marker.values());
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyMutantIsCaught(RegistrationMutants mutant) {
    for (long seed = 0; seed < SCHEDULES_PER_MUTANT; seed++) {
      try {
        new RegistrationSimulation(seed, mutant).run();
      } catch (AssertionError e) {
        log.info("event=mutant_caught mutant={} seed={}", mutant, seed);
        assertThat(e).hasMessageContaining("guarantee ");
        return;
      }
    }
    fail(mutant + " was not caught");
  }
}
