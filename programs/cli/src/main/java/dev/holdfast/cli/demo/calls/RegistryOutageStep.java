package dev.holdfast.cli.demo.calls;

import dev.holdfast.cli.demo.process.InstanceProcess;
import dev.holdfast.cli.demo.registry.DemoRegistry;
import dev.holdfast.cli.demo.report.GoalMissedException;
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
final class RegistryOutageStep implements DemoStep {
  /** The duration of the outage in milliseconds. */
  static final long OUTAGE_MILLIS = 10_000;

  private static final long HEAL_MILLIS = 180_000;
  private static final long SERVE_MILLIS = 180_000;

  private final DemoRegistry stage;

  RegistryOutageStep(DemoRegistry stage) {
    this.stage = stage;
  }

  @Override
  public String title() {
    return "registry away for 10 s and back"
        + (stage.canBeWiped() ? ", then wiped" : "")
        + " ("
        + stage.outageDescription()
        + ")";
  }

  @Override
  public Duration usualTime() {
    return Duration.ofMillis(OUTAGE_MILLIS).plusSeconds(stage.canBeWiped() ? 8 : 2);
  }

  @Override
  public void run(StepContext stepContext, Map<String, String> measured)
      throws GoalMissedException, IOException, InterruptedException {
    long awayNanos = System.nanoTime();
    stage.makeUnavailable();
    InstanceProcess newcomer;
    try {
      newcomer = stepContext.fleet().launch(1).get(0);
      awaitOutageOver(stepContext, awayNanos, newcomer);
      stepContext.awaitServingSince(
          awayNanos + TimeUnit.MILLISECONDS.toNanos(OUTAGE_MILLIS / 2),
          others(stepContext, newcomer),
          SERVE_MILLIS);
    } finally {
      stage.makeAvailable();
    }
    measured.put("newcomer", newcomer.name());
    measured.put("heal_ms", Long.toString(heal(stepContext, newcomer)));
    if (stage.canBeWiped()) {
      stage.wipe();
      measured.put("wipe_heal_ms", Long.toString(heal(stepContext, newcomer)));
      InstanceProcess afterWipe = stepContext.fleet().launch(1).get(0);
      stepContext.awaitVisible(List.of(afterWipe), HEAL_MILLIS);
      stepContext.awaitServing(List.of(afterWipe), SERVE_MILLIS);
      measured.put("after_wipe", afterWipe.name());
    }
  }

  /** Ten seconds pass; the newcomer must not be found, or the registry was not away. */
  private static void awaitOutageOver(
      StepContext stepContext, long awayNanos, InstanceProcess newcomer)
      throws GoalMissedException, InterruptedException {
    stepContext.await(
        "ten seconds passed",
        2 * OUTAGE_MILLIS,
        () -> TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - awayNanos) >= OUTAGE_MILLIS);
    if (stepContext.stats().firstServedNanos(newcomer.name()).isPresent()) {
      throw new GoalMissedException(newcomer.name() + " was found while the registry was away");
    }
  }

  /** Waits until every record is back and every instance, the newcomer too, serves calls. */
  private static long heal(StepContext stepContext, InstanceProcess newcomer)
      throws GoalMissedException, InterruptedException {
    long backNanos = System.nanoTime();
    stepContext.awaitVisible(stepContext.fleet().active(), HEAL_MILLIS);
    stepContext.awaitServing(List.of(newcomer), SERVE_MILLIS);
    long healedNanos = System.nanoTime();
    stepContext.awaitServingSince(healedNanos, stepContext.fleet().active(), SERVE_MILLIS);
    return TimeUnit.NANOSECONDS.toMillis(healedNanos - backNanos);
  }

  private static List<InstanceProcess> others(StepContext stepContext, InstanceProcess newcomer) {
    return stepContext.fleet().active().stream().filter(instance -> instance != newcomer).toList();
  }
}
