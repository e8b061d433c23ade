package dev.holdfast.cli.demo.calls;

import dev.holdfast.cli.demo.load.LoadClient;
import dev.holdfast.cli.demo.process.InstanceProcess;
import dev.holdfast.cli.demo.report.GoalMissedException;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Step 2: SIGTERM for one instance. The instance deregisters, finishes its calls, gets no new ones,
 * and ends with exit code 0.
 */
final class DrainStep implements DemoStep {
  private static final long FLIGHT_MILLIS = 180_000;
  private static final long DRAIN_MILLIS = 180_000;
  private static final long SERVE_MILLIS = 180_000;

  @Override
  public String title() {
    return "drain one instance";
  }

  @Override
  public Duration usualTime() {
    return Duration.ofSeconds(2);
  }

  @Override
  public void run(StepContext stepContext, Map<String, String> measured)
      throws GoalMissedException, IOException, InterruptedException {
    List<InstanceProcess> wanted = stepContext.fleet().active();
    InstanceProcess leaving = wanted.get(0);
    measured.put("instance", leaving.name());
    List<LoadClient.LongCall> inFlight = callsAt(stepContext, leaving, 2 * wanted.size());
    measured.put("in_flight", Integer.toString(inFlight.size()));
    long startNanos = System.nanoTime();
    leaving.terminate();
    stepContext.awaitInvisible(leaving, DRAIN_MILLIS);
    stepContext.await(leaving.name() + " ended", DRAIN_MILLIS, () -> !leaving.isAlive());
    long drainNanos = System.nanoTime() - startNanos;
    measured.put("drain_ms", Long.toString(TimeUnit.NANOSECONDS.toMillis(drainNanos)));
    stepContext.await(
        "the calls in flight ended",
        FLIGHT_MILLIS,
        () -> inFlight.stream().allMatch(call -> call.ended().isDone()));
    for (LoadClient.LongCall call : inFlight) {
      Status status = call.ended().join();
      if (!status.isOk()) {
        throw new GoalMissedException("a call in flight ended with " + status);
      }
    }
    if (leaving.exitCode().orElse(-1) != 0) {
      throw new GoalMissedException(
          leaving.name() + " ended with exit code " + leaving.exitCode().orElse(-1));
    }
    stepContext.awaitServingSince(System.nanoTime(), stepContext.fleet().active(), SERVE_MILLIS);
  }

  /** Makes long calls, which spread over the instances, and keeps those that this one serves. */
  private static List<LoadClient.LongCall> callsAt(
      StepContext stepContext, InstanceProcess instance, int calls)
      throws GoalMissedException, InterruptedException {
    List<LoadClient.LongCall> made =
        Stream.generate(stepContext.client()::longCall).limit(calls).toList();
    stepContext.await(
        "long calls answered for the first time",
        FLIGHT_MILLIS,
        () -> made.stream().allMatch(call -> call.server().isDone()));
    List<LoadClient.LongCall> there =
        made.stream().filter(call -> isServedBy(call, instance)).toList();
    if (there.isEmpty()) {
      throw new GoalMissedException("none of " + calls + " long calls reached " + instance.name());
    }
    return there;
  }

  private static boolean isServedBy(LoadClient.LongCall call, InstanceProcess instance) {
    return !call.server().isCompletedExceptionally()
        && call.server().join().equals(instance.name());
  }
}
