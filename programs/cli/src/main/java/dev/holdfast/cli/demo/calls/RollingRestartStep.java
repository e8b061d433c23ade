package dev.holdfast.cli.demo.calls;

import dev.holdfast.cli.demo.process.InstanceProcess;
import dev.holdfast.cli.demo.report.GoalMissedException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Step 5: a rolling restart of every instance. Each new instance serves before the old one is told
 * to end.
 *
 * <p>The next replacement starts while the last old instance drains.
 */
final class RollingRestartStep implements DemoStep {
  private static final long START_MILLIS = 180_000;
  private static final long SERVE_MILLIS = 180_000;
  private static final long DRAIN_MILLIS = 180_000;

  @Override
  public String title() {
    return "rolling restart of all instances";
  }

  @Override
  public Duration usualTime() {
    return Duration.ofSeconds(9);
  }

  @Override
  public void run(StepContext stepContext, Map<String, String> measured)
      throws GoalMissedException, IOException, InterruptedException {
    long startNanos = System.nanoTime();
    long retriedBefore = stepContext.stats().clientCallTotals().retried();
    List<InstanceProcess> old = stepContext.fleet().active();
    List<InstanceProcess> replacement = stepContext.fleet().launch(1);
    for (int i = 0; i < old.size(); i++) {
      stepContext.awaitVisible(replacement, START_MILLIS);
      stepContext.awaitServing(replacement, SERVE_MILLIS);
      InstanceProcess leaving = old.get(i);
      leaving.terminate();
      if (i + 1 < old.size()) {
        replacement = stepContext.fleet().launch(1);
      }
      stepContext.await(leaving.name() + " ended", DRAIN_MILLIS, () -> !leaving.isAlive());
      if (leaving.exitCode().orElse(-1) != 0) {
        throw new GoalMissedException(
            leaving.name() + " ended with exit code " + leaving.exitCode().orElse(-1));
      }
      measured.put("replaced", (i + 1) + "/" + old.size());
    }
    stepContext.awaitServingSince(System.nanoTime(), stepContext.fleet().active(), SERVE_MILLIS);
    long tookNanos = System.nanoTime() - startNanos;
    measured.put("took_ms", Long.toString(TimeUnit.NANOSECONDS.toMillis(tookNanos)));
    measured.put(
        "retried", Long.toString(stepContext.stats().clientCallTotals().retried() - retriedBefore));
  }
}
