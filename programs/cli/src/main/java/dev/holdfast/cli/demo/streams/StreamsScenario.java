package dev.holdfast.cli.demo.streams;

import dev.holdfast.cli.demo.calls.StepContext;
import dev.holdfast.cli.demo.process.PollingWait;
import dev.holdfast.cli.demo.registry.RegistryView;
import dev.holdfast.cli.demo.report.DemoDisplay;
import dev.holdfast.cli.demo.report.GoalMissedException;
import dev.holdfast.cli.demo.report.StepReport;
import dev.holdfast.cli.demo.report.StepTitle;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The four steps of {@code demo streams}. A step that misses its goal is reported, and the story
 * goes on.
 */
final class StreamsScenario {
  private static final long START_MILLIS = 60_000;
  private static final long DRAIN_MILLIS = 30_000;
  private static final long RECOVERY_MILLIS = 60_000;
  private static final long SETTLE_MILLIS = 90_000;

  /** The objects that the steps act on and observe. */
  record StreamsTopology(
      DeviceServers servers, RegistryView view, DemoFaultInjector faults, DurableDevices devices) {}

  private final StreamsTopology streamsTopology;
  private final DemoDisplay display;
  private final Runnable stopSending;
  private volatile String current = "";
  private int reached;

  /**
   * @param stopSending no device has another reading after this
   */
  StreamsScenario(StreamsTopology streamsTopology, DemoDisplay display, Runnable stopSending) {
    this.streamsTopology = streamsTopology;
    this.display = display;
    this.stopSending = stopSending;
  }

  /** The title of the current step. */
  String current() {
    return current;
  }

  /**
   * Runs the steps in order.
   *
   * @param total for how long devices send, at least
   * @return how many steps reached their goal
   */
  int run(Duration total) throws InterruptedException {
    long startNanos = System.nanoTime();
    step(1, "network faults on every path", measured -> injectFaults(total.dividedBy(4), measured));
    step(2, "rolling restart of all servers", this::roll);
    step(3, "kill -9 of one server", this::kill);
    current = "network faults";
    Duration rest = total.minusNanos(System.nanoTime() - startNanos);
    PollingWait.await(Math.max(0, rest.toMillis()), () -> false);
    step(4, "faults end, and everything is answered", this::drain);
    return reached;
  }

  private void step(int number, String title, StepReport.StepAction stepAction)
      throws InterruptedException {
    StepTitle step = new StepTitle(number, StreamsDemoResult.STEPS, title);
    current = step.current();
    long startNanos = System.nanoTime();
    StepReport report =
        StepReport.of(
            step,
            display,
            stepAction,
            measured -> {
              long tookNanos = System.nanoTime() - startNanos;
              measured.put("took_ms", Long.toString(TimeUnit.NANOSECONDS.toMillis(tookNanos)));
              measured.put(
                  "sessions_lost", Long.toString(streamsTopology.devices().sessionsLost()));
            });
    reached += report.reachedGoal() ? 1 : 0;
  }

  private void injectFaults(Duration length, Map<String, String> measured)
      throws GoalMissedException, InterruptedException {
    streamsTopology.faults().begin();
    PollingWait.await(length.toMillis(), () -> false);
    await(
        "a session on its second connection",
        RECOVERY_MILLIS,
        () -> streamsTopology.devices().resumed() > 0);
    measured.put("faults", Long.toString(streamsTopology.faults().count()));
    measured.put("resumed", Long.toString(streamsTopology.devices().resumed()));
  }

  private void roll(Map<String, String> measured)
      throws GoalMissedException, IOException, InterruptedException {
    List<DeviceServers.DeviceServer> old = streamsTopology.servers().active();
    long resumedBefore = streamsTopology.devices().resumed();
    int replaced = 0;
    for (DeviceServers.DeviceServer leaving : old) {
      start();
      leaving.process().terminate();
      await(leaving.process().name() + " ended", DRAIN_MILLIS, () -> !leaving.process().isAlive());
      leaving.middlebox().close();
      measured.put("replaced", ++replaced + "/" + old.size());
    }
    measured.put("resumed", Long.toString(streamsTopology.devices().resumed() - resumedBefore));
  }

  private void kill(Map<String, String> measured)
      throws GoalMissedException, IOException, InterruptedException {
    DeviceServers.DeviceServer victim = streamsTopology.servers().active().get(0);
    long resumedBefore = streamsTopology.devices().resumed();
    long answeredBefore = streamsTopology.devices().deliveryTotals().answered();
    victim.process().kill();
    await(victim.process().name() + " dead", DRAIN_MILLIS, () -> !victim.process().isAlive());
    victim.middlebox().close();
    start();
    await(
        "answers after the kill",
        RECOVERY_MILLIS,
        () -> streamsTopology.devices().deliveryTotals().answered() > answeredBefore);
    measured.put("instance", victim.process().name());
    measured.put("resumed", Long.toString(streamsTopology.devices().resumed() - resumedBefore));
  }

  private void drain(Map<String, String> measured)
      throws GoalMissedException, InterruptedException {
    streamsTopology.faults().stop();
    stopSending.run();
    long devices =
        streamsTopology.devices().states().values().stream().mapToLong(Long::longValue).sum();
    measured.put("sessions", Long.toString(devices));
    measured.put("resumed", Long.toString(streamsTopology.devices().resumed()));
    streamsTopology.devices().finish();
    await(
        "every stream ended in order", SETTLE_MILLIS, () -> streamsTopology.devices().isFinished());
  }

  /** Starts a server and waits until the registry has it. */
  private void start() throws GoalMissedException, IOException, InterruptedException {
    DeviceServers.DeviceServer young = streamsTopology.servers().launch();
    await(
        young.process().name() + " in the registry",
        START_MILLIS,
        () ->
            young.process().address().isPresent()
                && streamsTopology
                    .view()
                    .read()
                    .flatMap(held -> young.process().address().flatMap(held::at))
                    .isPresent());
  }

  private void await(String goal, long millis, PollingWait.PolledCondition polledCondition)
      throws GoalMissedException, InterruptedException {
    StepContext.await(goal, millis, polledCondition, streamsTopology.servers()::crashed);
  }
}
