package dev.holdfast.cli.demo.calls;

import dev.holdfast.cli.demo.process.InstanceProcess;
import dev.holdfast.cli.demo.process.PollingWait;
import dev.holdfast.cli.demo.report.GoalMissedException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * Step 6: edits of the gateway's file while calls go through it. The edits route every call to one
 * instance, then contain an error, which must change nothing, then route to all instances again.
 *
 * <p>The measured time runs from an edit to the first or last answer that shows it; the worse of
 * the two valid edits counts.
 */
final class GatewayReloadStep implements DemoStep {
  /** The name of what it measures. */
  static final String MEASURE = "reload_ms";

  private static final long SEEN_MILLIS = 180_000;
  // Few calls take longer; one that does is in the figure, or in that of the edit after it.
  private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(1);

  @Override
  public String title() {
    return "edit gateway.yaml under load";
  }

  @Override
  public Duration usualTime() {
    return Duration.ofSeconds(2);
  }

  @Override
  public void run(StepContext stepContext, Map<String, String> measured)
      throws GoalMissedException, IOException, InterruptedException {
    DemoGateway gateway = stepContext.gateway();
    List<InstanceProcess> wanted = stepContext.fleet().active();
    InstanceProcess one = wanted.get(wanted.size() - 1);
    measured.put("all_to", one.name());
    long toOneNanos = System.nanoTime();
    gateway.routeTo(
        one.address().orElseThrow(() -> new GoalMissedException(one.name() + " has not started")));
    await(
        stepContext,
        "every call through the gateway goes to " + one.name(),
        () -> {
          long latest = Math.max(0, latestElsewhere(stepContext, one, toOneNanos));
          OptionalLong there = gateway.stats().lastServedNanos(one.name());
          return there.isPresent() && there.getAsLong() - toOneNanos - latest > QUIET_NANOS;
        });
    long tookNanos = Math.max(0, latestElsewhere(stepContext, one, toOneNanos));

    gateway.misspell();
    await(stepContext, "the gateway refuses a file with a mistake", gateway::hasRefused);
    measured.put("mistake", "refused");
    if (latestElsewhere(stepContext, one, toOneNanos) > tookNanos) {
      throw new GoalMissedException("a file with a mistake changed where calls go");
    }

    long toAllNanos = System.nanoTime();
    gateway.routeToAll();
    await(
        stepContext,
        "calls through the gateway go to all again",
        () -> latestElsewhere(stepContext, one, toAllNanos) > 0);
    long backNanos = latestElsewhere(stepContext, one, toAllNanos);
    long reloadNanos = Math.max(tookNanos, backNanos);
    measured.put(MEASURE, Long.toString(TimeUnit.NANOSECONDS.toMillis(reloadNanos)));
  }

  private static void await(
      StepContext stepContext, String goal, PollingWait.PolledCondition polledCondition)
      throws GoalMissedException, InterruptedException {
    stepContext.await(goal, SEEN_MILLIS, polledCondition);
  }

  /**
   * The time from a moment to the last answer of another instance; negative when that answer came
   * before the moment.
   */
  private static long latestElsewhere(
      StepContext stepContext, InstanceProcess one, long sinceNanos) {
    long latest = Long.MIN_VALUE;
    for (InstanceProcess instance : stepContext.fleet().all()) {
      OptionalLong last = stepContext.gateway().stats().lastServedNanos(instance.name());
      if (instance != one && last.isPresent()) {
        latest = Math.max(latest, last.getAsLong() - sinceNanos);
      }
    }
    return latest;
  }
}
