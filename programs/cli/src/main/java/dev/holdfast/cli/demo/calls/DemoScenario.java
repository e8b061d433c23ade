package dev.holdfast.cli.demo.calls;

import dev.holdfast.cli.demo.load.CallStats;
import dev.holdfast.cli.demo.process.PollingWait;
import dev.holdfast.cli.demo.report.DemoDisplay;
import dev.holdfast.cli.demo.report.StepReport;
import dev.holdfast.cli.demo.report.StepTitle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The six steps of {@code demo} in order, while the clients make their calls.
 *
 * <p>A step that misses its goal is reported and the run goes on, so that one run shows every
 * problem.
 */
final class DemoScenario {
  private final StepContext stepContext;
  private final DemoDisplay display;
  private final CallStats stockLedger;
  private final List<DemoStep> steps;
  private volatile String current = "";

  DemoScenario(StepContext stepContext, DemoDisplay display, CallStats stockLedger) {
    this.stepContext = stepContext;
    this.display = display;
    this.stockLedger = stockLedger;
    this.steps =
        List.of(
            new ScaleUpStep(),
            new DrainStep(),
            new KillStep(),
            new RegistryOutageStep(stepContext.registry()),
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
    StepSchedule plan = new StepSchedule(total);
    List<StepReport> reports = new ArrayList<>();
    for (DemoStep step : steps) {
      pause(plan, startNanos, reports.size());
      reports.add(run(reports.size() + 1, step));
    }
    pause(plan, startNanos, reports.size());
    return reports;
  }

  private void pause(StepSchedule plan, long startNanos, int done) throws InterruptedException {
    enter("steady traffic");
    Duration expectedRest =
        steps.stream().skip(done).map(DemoStep::usualTime).reduce(Duration.ZERO, Duration::plus);
    Duration elapsed = Duration.ofNanos(System.nanoTime() - startNanos);
    Duration pause = plan.pause(elapsed, done, expectedRest);
    PollingWait.await(pause.toMillis(), () -> false);
  }

  private StepReport run(int number, DemoStep step) throws InterruptedException {
    StepTitle title = new StepTitle(number, steps.size(), step.title());
    enter(title.current());
    long failedBefore = failed();
    return StepReport.of(
        title,
        display,
        measured -> step.run(stepContext, measured),
        measured -> measured.put("failed", Long.toString(failed() - failedBefore)));
  }

  /** The number of failed calls of the two clients that must see no failure. */
  private long failed() {
    return stepContext.stats().clientCallTotals().failed()
        + stepContext.gateway().stats().clientCallTotals().failed();
  }

  private void enter(String name) {
    current = name;
    stepContext.stats().enterStep(name);
    stepContext.gateway().stats().enterStep(name);
    stockLedger.enterStep(name);
  }
}
