package dev.holdfast.cli.demo;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How one step of the story ended.
 *
 * @param number 1 to 5
 * @param title what was done
 * @param problem the goal that was not reached, "" when all were
 * @param measured names and values, in the order in which they are shown
 */
record StepReport(int number, String title, String problem, Map<String, String> measured) {

  StepReport {
    measured = Collections.unmodifiableMap(new LinkedHashMap<>(measured));
  }

  boolean reachedGoal() {
    return problem.isEmpty();
  }

  /** The step's own line. */
  String line() {
    StringBuilder line = new StringBuilder();
    line.append("step ").append(number).append('/').append(DemoResult.STEPS).append(' ');
    line.append(title).append(": ").append(reachedGoal() ? "ok" : "FAILED");
    measured.forEach((name, value) -> line.append(' ').append(name).append('=').append(value));
    if (!reachedGoal()) {
      line.append(" (").append(problem).append(')');
    }
    return line.toString();
  }
}
