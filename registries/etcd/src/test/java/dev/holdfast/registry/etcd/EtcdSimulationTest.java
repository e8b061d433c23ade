package dev.holdfast.registry.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.slf4j.LoggerFactory;

/**
 * Thousands of virtual minutes of bad days. A failure names its seed; {@code
 * -Dholdfast.etcd.seed=<seed>} runs that one alone. Isolated, since it silences the whole room.
 */
@Isolated
class EtcdSimulationTest {
  private static final int SEEDS = Integer.getInteger("holdfast.etcd.seeds", 60);

  @BeforeAll
  static void quiet() {
    level(Level.ERROR);
  }

  @AfterAll
  static void loud() {
    level(Level.INFO);
  }

  private static void level(Level level) {
    ((Logger) LoggerFactory.getLogger("dev.holdfast.registry.etcd")).setLevel(level);
  }

  @Test
  void whateverHappensWatchesTellTheTruthAndRecordsComeBack() {
    Long only = Long.getLong("holdfast.etcd.seed");
    Map<EtcdSimulation.Rare, Integer> reached = new EnumMap<>(EtcdSimulation.Rare.class);
    for (long seed = only == null ? 0 : only; seed < (only == null ? SEEDS : only + 1); seed++) {
      EtcdSimulation simulation = new EtcdSimulation(seed);
      try {
        simulation.run();
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("replay with -Dholdfast.etcd.seed=" + seed, e);
      }
      simulation.reached().forEach((rare, count) -> reached.merge(rare, count, Integer::sum));
    }
    if (only == null) {
      assertThat(reached.keySet())
          .as("rare cases reached: " + reached)
          .containsExactlyInAnyOrder(EtcdSimulation.Rare.values());
    }
  }
}
