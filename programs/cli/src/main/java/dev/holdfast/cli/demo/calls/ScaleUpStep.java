package dev.holdfast.cli.demo.calls;

import dev.holdfast.cli.demo.process.InstanceProcess;
import dev.holdfast.cli.demo.report.GoalMissedException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Step 1: two more instances. Calls must reach them as soon as the registry shows them.
 *
 * <p>The time is measured per instance, from its record being visible to the end of the first call
 * that it served. The worst of the new instances counts.
 */
final class ScaleUpStep implements DemoStep {
  /** The name of what it measures. */
  static final String MEASURE = "scale_up_ms";

  private static final int NEW_INSTANCES = 2;
  private static final long START_MILLIS = 180_000;
  private static final long SERVE_MILLIS = 180_000;

  @Override
  public String title() {
    return "scale up by two";
  }

  @Override
  public Duration usualTime() {
    return Duration.ofSeconds(3);
  }

  @Override
  public void run(StepContext stepContext, Map<String, String> measured)
      throws GoalMissedException, IOException, InterruptedException {
    List<InstanceProcess> started = stepContext.fleet().launch(NEW_INSTANCES);
    measured.put("new", StepContext.names(started).replace(" ", ""));
    stepContext.awaitVisible(started, START_MILLIS);
    stepContext.awaitServing(started, SERVE_MILLIS);
    long worstNanos = 0;
    for (InstanceProcess instance : started) {
      long visibleNanos =
          instance
              .address()
              .map(address -> stepContext.view().visibleSinceNanos(address).orElseThrow())
              .orElseThrow();
      long servedNanos = stepContext.stats().firstServedNanos(instance.name()).orElseThrow();
      worstNanos = Math.max(worstNanos, servedNanos - visibleNanos);
    }
    measured.put(MEASURE, Long.toString(TimeUnit.NANOSECONDS.toMillis(worstNanos)));
  }
}
