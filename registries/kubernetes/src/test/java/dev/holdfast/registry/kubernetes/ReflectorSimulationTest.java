package dev.holdfast.registry.kubernetes;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.holdfast.core.testkit.Schedules;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/** Bad days of an API server, under virtual time. Isolated, since it silences a class. */
@Isolated
class ReflectorSimulationTest {
  private static final int SCHEDULES = 800;

  @BeforeAll
  static void quiet() {
    level(Level.ERROR);
  }

  @AfterAll
  static void loud() {
    level(Level.INFO);
  }

  private static void level(Level level) {
    ((Logger) LoggerFactory.getLogger(SliceInformer.class)).setLevel(level);
  }

  @Test
  void whateverHappensTheListIsTrueInTheEndAndNeverGoesBack() {
    Schedules.runAll(
        ReflectorSimulationTest.class,
        "registry-kubernetes",
        SCHEDULES,
        ReflectorSimulation.Rare.class,
        seed -> new ReflectorSimulation(seed, ReflectorSimulation::sound).run());
  }

  @ParameterizedTest
  @EnumSource(ReflectorMutant.class)
  void eachMistakeIsCaught(ReflectorMutant mutant) {
    Schedules.assertCaught(
        mutant, SCHEDULES, seed -> new ReflectorSimulation(seed, mutant::make).run());
  }
}
