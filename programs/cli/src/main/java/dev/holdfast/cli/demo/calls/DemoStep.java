package dev.holdfast.cli.demo.calls;

import dev.holdfast.cli.demo.report.GoalMissedException;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;

/**
 * A step of the demo: changes the service or its registry while calls go on, and checks the effect.
 */
interface DemoStep {

  /** The title of the step for people, such as "drain one instance". */
  String title();

  /**
   * The usual duration of the step on two cores. Only the schedule of the run uses it; no wait
   * depends on it.
   */
  Duration usualTime();

  /**
   * Does it, and returns once its goal was seen.
   *
   * @param measured receives names and values as they become known, so that a step that misses its
   *     goal still shows how far it came
   * @throws GoalMissedException when the goal was not seen in time
   */
  void run(StepContext stepContext, Map<String, String> measured)
      throws GoalMissedException, IOException, InterruptedException;
}
