package dev.holdfast.cli.demo.report;

import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The result of one step.
 *
 * @param step the step
 * @param problem the goal that was not reached; "" when all were
 * @param measured names and values, in the order in which they are shown
 */
public record StepReport(StepTitle step, String problem, Map<String, String> measured) {

  /** The action of a step. */
  public interface StepAction {
    void run(Map<String, String> measured)
        throws GoalMissedException, IOException, InterruptedException;
  }

  public StepReport {
    measured = Collections.unmodifiableMap(new LinkedHashMap<>(measured));
  }

  /**
   * Does a step and shows how it ended.
   *
   * @param sums adds what is measured in every step, however it ends
   */
  public static StepReport of(
      StepTitle step,
      DemoDisplay display,
      StepAction stepAction,
      Consumer<Map<String, String>> sums)
      throws InterruptedException {
    display.stepStarted(step);
    Map<String, String> measured = new LinkedHashMap<>();
    String problem = "";
    try {
      stepAction.run(measured);
    } catch (GoalMissedException e) {
      problem = e.goal();
    } catch (IOException e) {
      problem = e.toString();
    }
    sums.accept(measured);
    StepReport report = new StepReport(step, problem, measured);
    display.stepEnded(report);
    return report;
  }

  public boolean reachedGoal() {
    return problem.isEmpty();
  }

  /** The step's line of output: its title, {@code ok} or {@code FAILED}, and the measurements. */
  String line() {
    StringBuilder line = new StringBuilder(step.line());
    line.append(": ").append(reachedGoal() ? "ok" : "FAILED");
    measured.forEach((name, value) -> line.append(' ').append(name).append('=').append(value));
    if (!reachedGoal()) {
      line.append(" (").append(problem).append(')');
    }
    return line.toString();
  }
}
