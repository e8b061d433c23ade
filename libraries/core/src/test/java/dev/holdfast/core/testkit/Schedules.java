package dev.holdfast.core.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.function.LongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a simulation under many seeds. A failure names its seed and the command that replays it;
 * {@code -Dholdfast.seed=N} runs that one alone, {@code -Dholdfast.schedules=N} more of them.
 */
public final class Schedules {
  private static final Logger log = LoggerFactory.getLogger(Schedules.class);
  private static final String SEED = "holdfast.seed";

  private Schedules() {}

  /**
   * Runs all seeds, and fails when a rare path was never reached by any of them.
   *
   * @param test whose simulation it is, in this module
   * @param module where that is, for the command
   * @param schedules how many seeds there are, unless more or another are asked for
   * @param markers the rare paths
   * @param simulation runs one seed and says how often it reached which rare path
   */
  public static <M extends Enum<M>> void runAll(
      Class<?> test,
      String module,
      int schedules,
      Class<M> markers,
      LongFunction<Map<M, Integer>> simulation) {
    Long only = Long.getLong(SEED);
    long first = only == null ? 0 : only;
    long last = only == null ? Integer.getInteger("holdfast.schedules", schedules) : only + 1;
    Map<M, Integer> reached = new EnumMap<>(markers);
    for (long seed = first; seed < last; seed++) {
      try {
        simulation
            .apply(seed)
            .forEach((marker, times) -> reached.merge(marker, times, Integer::sum));
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError(
            "seed %d; replay: mvn -o -pl :holdfast-%s -am test -Dtest=%s -D%s=%d"
                .formatted(seed, module, test.getSimpleName(), SEED, seed),
            e);
      }
    }
    log.info("event=simulated schedules={} reached={}", last - first, reached);
    if (only == null) {
      assertThat(reached)
          .as("rare paths that were reached")
          .containsOnlyKeys(markers.getEnumConstants());
    }
  }

  /**
   * Fails unless one of the seeds breaks a guarantee.
   *
   * @param mutant what was broken on purpose
   * @param simulation runs one seed with it
   */
  public static void assertCaught(Enum<?> mutant, int schedules, LongConsumer simulation) {
    for (long seed = 0; seed < schedules; seed++) {
      try {
        simulation.accept(seed);
      } catch (AssertionError e) {
        log.info("event=mutant_caught mutant={} seed={}", mutant, seed);
        assertThat(e).hasMessageContaining("guarantee ");
        return;
      }
    }
    fail(mutant + " was not caught");
  }
}
