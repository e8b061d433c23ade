package dev.holdfast.cli.demo;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The six steps of {@code demo} in order, while the clients make their calls.
 *
 * <p>A step that misses its goal is reported and the run goes on, so that one run shows every
 * problem.
 */
final class DemoStory {
  private final Scene scene;
  private final DemoDisplay display;
  private final CallLedger stockLedger;
  private final List<DemoStep> steps;
  private volatile String current = "";

  DemoStory(Scene scene, DemoDisplay display, CallLedger stockLedger) {
    this.scene = scene;
    this.display = display;
    this.stockLedger = stockLedger;
    this.steps =
        List.of(
            new ScaleUpStep(),
            new DrainStep(),
            new KillStep(),
            new RegistryAwayStep(scene.stage()),
            new RollingRestartStep(),
            new GatewayReloadStep());
  }

  /** The title of the current step, for the table. */
  String current() {
    return current;
  }

  /** Runs all steps, and traffic for the whole time that was asked for. */
  List<StepReport> run(Duration total) throws InterruptedException {
    long startNanos = System.nanoTime();
    StoryPlan plan = new StoryPlan(total);
    List<StepReport> reports = new ArrayList<>();
    for (DemoStep step : steps) {
      pause(plan, startNanos, reports.size());
      reports.add(run(reports.size() + 1, step));
    }
    pause(plan, startNanos, reports.size());
    return reports;
  }

  private void pause(StoryPlan plan, long startNanos, int done) throws InterruptedException {
    enter("steady traffic");
    Duration expectedRest =
        steps.stream().skip(done).map(DemoStep::usualTime).reduce(Duration.ZERO, Duration::plus);
    Duration elapsed = Duration.ofNanos(System.nanoTime() - startNanos);
    Duration pause = plan.pause(elapsed, done, expectedRest);
    Patience.await(pause.toMillis(), () -> false);
  }

  private StepReport run(int number, DemoStep step) throws InterruptedException {
    StepTitle title = new StepTitle(number, steps.size(), step.title());
    enter(title.current());
    long failedBefore = failed();
    return StepReport.of(
        title,
        display,
        measured -> step.run(scene, measured),
        measured -> measured.put("failed", Long.toString(failed() - failedBefore)));
  }

  /** The number of failed calls of the two clients that must see no failure. */
  private long failed() {
    return scene.ledger().totals().failed() + scene.gateway().ledger().totals().failed();
  }

  private void enter(String name) {
    current = name;
    scene.ledger().enter(name);
    scene.gateway().ledger().enter(name);
    stockLedger.enter(name);
  }
}
