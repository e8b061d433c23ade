package dev.holdfast.cli.demo;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Step 4: a registry outage of ten seconds, followed by a wipe where the demo may wipe the
 * registry.
 *
 * <p>Calls must not fail. Instances started meanwhile prove that clients follow the registry again
 * afterwards: one during the outage, which can be found only after it, and one after the wipe.
 */
final class RegistryAwayStep implements DemoStep {
  /** The duration of the outage in milliseconds. */
  static final long AWAY_MILLIS = 10_000;

  private static final long HEAL_MILLIS = 30_000;
  private static final long SERVE_MILLIS = 30_000;

  private final RegistryStage stage;

  RegistryAwayStep(RegistryStage stage) {
    this.stage = stage;
  }

  @Override
  public String title() {
    return "registry away for 10 s and back"
        + (stage.canBeWiped() ? ", then wiped" : "")
        + " ("
        + stage.outage()
        + ")";
  }

  @Override
  public Duration usualTime() {
    return Duration.ofMillis(AWAY_MILLIS).plusSeconds(stage.canBeWiped() ? 8 : 2);
  }

  @Override
  public void run(Scene scene, Map<String, String> measured)
      throws GoalMissedException, IOException, InterruptedException {
    long awayNanos = System.nanoTime();
    stage.takeAway();
    InstanceProcess newcomer;
    try {
      newcomer = scene.fleet().launch(1).get(0);
      awaitOutageOver(scene, awayNanos, newcomer);
      scene.awaitServingSince(
          awayNanos + TimeUnit.MILLISECONDS.toNanos(AWAY_MILLIS / 2),
          others(scene, newcomer),
          SERVE_MILLIS);
    } finally {
      stage.bringBack();
    }
    measured.put("newcomer", newcomer.name());
    measured.put("heal_ms", Long.toString(heal(scene, newcomer)));
    if (stage.canBeWiped()) {
      stage.wipe();
      measured.put("wipe_heal_ms", Long.toString(heal(scene, newcomer)));
      InstanceProcess afterWipe = scene.fleet().launch(1).get(0);
      scene.awaitVisible(List.of(afterWipe), HEAL_MILLIS);
      scene.awaitServing(List.of(afterWipe), SERVE_MILLIS);
      measured.put("after_wipe", afterWipe.name());
    }
  }

  /** Ten seconds pass; the newcomer must not be found, or the registry was not away. */
  private static void awaitOutageOver(Scene scene, long awayNanos, InstanceProcess newcomer)
      throws GoalMissedException, InterruptedException {
    scene.await(
        "ten seconds passed",
        2 * AWAY_MILLIS,
        () -> TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - awayNanos) >= AWAY_MILLIS);
    if (scene.ledger().firstServedNanos(newcomer.name()).isPresent()) {
      throw new GoalMissedException(newcomer.name() + " was found while the registry was away");
    }
  }

  /** Waits until every record is back and every instance, the newcomer too, serves calls. */
  private static long heal(Scene scene, InstanceProcess newcomer)
      throws GoalMissedException, InterruptedException {
    long backNanos = System.nanoTime();
    scene.awaitVisible(scene.fleet().wanted(), HEAL_MILLIS);
    scene.awaitServing(List.of(newcomer), SERVE_MILLIS);
    long healedNanos = System.nanoTime();
    scene.awaitServingSince(healedNanos, scene.fleet().wanted(), SERVE_MILLIS);
    return TimeUnit.NANOSECONDS.toMillis(healedNanos - backNanos);
  }

  private static List<InstanceProcess> others(Scene scene, InstanceProcess newcomer) {
    return scene.fleet().wanted().stream().filter(instance -> instance != newcomer).toList();
  }
}
