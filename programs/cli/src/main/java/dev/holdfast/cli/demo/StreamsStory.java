package dev.holdfast.cli.demo;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The four steps of {@code demo streams}. A step that misses its goal is reported, and the story
 * goes on.
 */
final class StreamsStory {
  private static final long START_MILLIS = 60_000;
  private static final long DRAIN_MILLIS = 30_000;
  private static final long RECOVERY_MILLIS = 60_000;
  private static final long SETTLE_MILLIS = 90_000;

  /** The objects that the steps act on and observe. */
  record Stage(
      DeviceServers servers, RegistryView view, WeatherFront weather, DurableDevices devices) {}

  private final Stage stage;
  private final DemoDisplay display;
  private final Runnable stopSending;
  private volatile String current = "";
  private int reached;

  /**
   * @param stopSending no device has another reading after this
   */
  StreamsStory(Stage stage, DemoDisplay display, Runnable stopSending) {
    this.stage = stage;
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
    step(1, "bad weather on every path", measured -> weather(total.dividedBy(4), measured));
    step(2, "rolling restart of all servers", this::roll);
    step(3, "kill -9 of one server", this::kill);
    current = "bad weather";
    Duration rest = total.minusNanos(System.nanoTime() - startNanos);
    Patience.await(Math.max(0, rest.toMillis()), () -> false);
    step(4, "calm, and everything answered", this::settle);
    return reached;
  }

  private void step(int number, String title, StepReport.Body body) throws InterruptedException {
    StepTitle step = new StepTitle(number, StreamsDemoResult.STEPS, title);
    current = step.current();
    long startNanos = System.nanoTime();
    StepReport report =
        StepReport.of(
            step,
            display,
            body,
            measured -> {
              long tookNanos = System.nanoTime() - startNanos;
              measured.put("took_ms", Long.toString(TimeUnit.NANOSECONDS.toMillis(tookNanos)));
              measured.put("sessions_lost", Long.toString(stage.devices().sessionsLost()));
            });
    reached += report.reachedGoal() ? 1 : 0;
  }

  private void weather(Duration length, Map<String, String> measured)
      throws GoalMissedException, InterruptedException {
    stage.weather().begin();
    Patience.await(length.toMillis(), () -> false);
    await(
        "a session on its second connection", RECOVERY_MILLIS, () -> stage.devices().resumed() > 0);
    measured.put("gusts", Long.toString(stage.weather().count()));
    measured.put("resumed", Long.toString(stage.devices().resumed()));
  }

  private void roll(Map<String, String> measured)
      throws GoalMissedException, IOException, InterruptedException {
    List<DeviceServers.Server> old = stage.servers().wanted();
    long resumedBefore = stage.devices().resumed();
    int replaced = 0;
    for (DeviceServers.Server leaving : old) {
      start();
      leaving.process().terminate();
      await(leaving.process().name() + " ended", DRAIN_MILLIS, () -> !leaving.process().isAlive());
      leaving.door().close();
      measured.put("replaced", ++replaced + "/" + old.size());
    }
    measured.put("resumed", Long.toString(stage.devices().resumed() - resumedBefore));
  }

  private void kill(Map<String, String> measured)
      throws GoalMissedException, IOException, InterruptedException {
    DeviceServers.Server victim = stage.servers().wanted().get(0);
    long resumedBefore = stage.devices().resumed();
    long answeredBefore = stage.devices().totals().answered();
    victim.process().kill();
    await(victim.process().name() + " dead", DRAIN_MILLIS, () -> !victim.process().isAlive());
    victim.door().close();
    start();
    await(
        "answers after the kill",
        RECOVERY_MILLIS,
        () -> stage.devices().totals().answered() > answeredBefore);
    measured.put("instance", victim.process().name());
    measured.put("resumed", Long.toString(stage.devices().resumed() - resumedBefore));
  }

  private void settle(Map<String, String> measured)
      throws GoalMissedException, InterruptedException {
    stage.weather().calm();
    stopSending.run();
    long devices = stage.devices().states().values().stream().mapToLong(Long::longValue).sum();
    measured.put("sessions", Long.toString(devices));
    measured.put("resumed", Long.toString(stage.devices().resumed()));
    stage.devices().finish();
    await("every stream ended in order", SETTLE_MILLIS, () -> stage.devices().isFinished());
  }

  /** Starts a server and waits until the registry has it. */
  private void start() throws GoalMissedException, IOException, InterruptedException {
    DeviceServers.Server young = stage.servers().launch();
    await(
        young.process().name() + " in the registry",
        START_MILLIS,
        () ->
            young.process().address().isPresent()
                && stage
                    .view()
                    .read()
                    .flatMap(held -> young.process().address().flatMap(held::at))
                    .isPresent());
  }

  private void await(String goal, long millis, Patience.Condition condition)
      throws GoalMissedException, InterruptedException {
    Scene.await(goal, millis, condition, stage.servers()::crashed);
  }
}
