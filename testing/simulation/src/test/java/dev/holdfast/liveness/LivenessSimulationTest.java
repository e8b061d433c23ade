package dev.holdfast.liveness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import dev.holdfast.liveness.KeepaliveSimulationInvariants.Marker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Thousands of bad networks against the monitor, and against stock keepalive. {@code
 * -Dholdfast.seed=N} runs one of them alone, {@code -Dholdfast.schedules=N} more of them.
 */
class LivenessSimulationTest {
  private static final Logger log = LoggerFactory.getLogger(LivenessSimulationTest.class);
  private static final int SCHEDULES = Integer.getInteger("holdfast.schedules", 10_000);
  private static final int SCHEDULES_PER_MUTANT = 3_000;
  private static final LivenessOptions OPTIONS = LivenessOptions.DEFAULT;
  private static final PathConditions STORM =
      new PathConditions(
          Duration.ofMillis(40),
          Duration.ofMillis(60),
          Duration.ofMinutes(5),
          Duration.ofSeconds(5),
          Duration.ofMinutes(10),
          0.01);

  /** Makes the monitor of a connection; tests hand in broken ones. */
  interface MonitorFactory {
    LivenessMonitor create(
        long nowNanos, LivenessOptions options, ConnectionRole connectionRole, boolean hasKernel);
  }

  @Test
  // Seconds of CPU, but minutes on a machine that does much else.
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void everyGuaranteeHoldsInEverySchedule() {
    Long only = Long.getLong("holdfast.seed");
    long first = only == null ? 0 : only;
    long last = only == null ? SCHEDULES : only + 1;
    Map<Marker, Integer> reached = new EnumMap<>(Marker.class);
    int ours = 0;
    int stocks = 0;
    for (long seed = first; seed < last; seed++) {
      try {
        ours += play(seed, LivenessMonitor::new, reached).falseCloses();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError(
            "seed "
                + seed
                + "; replay: mvn -o -pl :holdfast-simulation -am test -Dtest=LivenessSimulationTest"
                + " -Dholdfast.seed="
                + seed,
            e);
      }
      stocks +=
          KeepaliveSimulation.stock(seed, scene(seed), OPTIONS.idle(), OPTIONS.window())
              .falseCloses();
    }
    log.info(
        "event=simulated schedules={} false_closes={} stock_false_closes={} reached={}",
        last - first,
        ours,
        stocks,
        reached);
    if (only == null) {
      assertThat(reached).as("rare paths that were reached").containsOnlyKeys(Marker.values());
      assertThat(ours).as("against stock with the same time of detection").isLessThan(stocks);
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyMutantIsCaught(LivenessMutants mutant) {
    for (long seed = 0; seed < SCHEDULES_PER_MUTANT; seed++) {
      try {
        play(seed, mutant, new EnumMap<>(Marker.class));
      } catch (AssertionError e) {
        log.info("event=mutant_caught mutant={} seed={} by={}", mutant, seed, e.getMessage());
        assertThat(e).hasMessageContaining("guarantee ");
        return;
      }
    }
    fail(mutant + " was not caught");
  }

  @ParameterizedTest
  @EnumSource
  void everyGuaranteeIsInTheDocument(Guarantee guarantee) throws IOException {
    Path root = Path.of(System.getProperty("holdfast.root", ".."));
    assertThat(Files.readString(root.resolve("docs/guarantees.md")))
        .contains("| " + guarantee + " |");
  }

  @Test
  void theSameSeedPlaysTheSame() {
    for (long seed = 0; seed < 20; seed++) {
      assertThat(KeepaliveSimulation.holdfast(seed, scene(seed), OPTIONS))
          .isEqualTo(KeepaliveSimulation.holdfast(seed, scene(seed), OPTIONS));
    }
  }

  private static KeepaliveSimulation.KeepaliveSimulationResult play(
      long seed, MonitorFactory monitors, Map<Marker, Integer> reached) {
    KeepaliveScenario keepaliveScenario = scene(seed);
    boolean hasKernel = seed % 4 != 3;
    KeepaliveSimulationInvariants invariants =
        new KeepaliveSimulationInvariants(OPTIONS, hasKernel);
    KeepaliveSimulation.KeepaliveSimulationResult keepaliveSimulationResult =
        new KeepaliveSimulation(
                seed,
                keepaliveScenario,
                (keepaliveActions, nowNanos) ->
                    new HoldfastKeepalivePolicy(
                        keepaliveActions,
                        monitors.create(nowNanos, OPTIONS, keepaliveScenario.role(), hasKernel),
                        OPTIONS,
                        nowNanos),
                invariants)
            .run();
    invariants.reached.forEach((marker, times) -> reached.merge(marker, times, Integer::sum));
    return keepaliveSimulationResult;
  }

  static KeepaliveScenario scene(long seed) {
    SplittableRandom random = new SplittableRandom(~seed);
    KeepaliveScenario.PeerFailure[] fates = KeepaliveScenario.PeerFailure.values();
    return new KeepaliveScenario(
        one(random, List.of(PathConditions.CALM, PathConditions.MOBILE, STORM)),
        one(random, List.of(ConnectionRole.values())),
        one(random, List.of(fates)),
        one(random, List.of(Duration.ZERO, Duration.ofSeconds(30), Duration.ofMinutes(3))),
        one(
            random,
            List.of(
                Duration.ofSeconds(5),
                Duration.ofSeconds(40),
                Duration.ofMinutes(5),
                Duration.ofMinutes(30))),
        one(random, List.of(Duration.ZERO, Duration.ofSeconds(10), Duration.ofMinutes(3))),
        Duration.ofMinutes(40));
  }

  private static <T> T one(SplittableRandom random, List<T> among) {
    return among.get(random.nextInt(among.size()));
  }
}
