package dev.holdfast.cli.demo.calls;

import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;

/**
 * The schedule of the six steps over the time that a run was given.
 *
 * <p>A step lasts until it has seen its goal. The rest of the time is steady traffic before each
 * step and after the last one, in equal parts.
 */
@PureCore
final class StepSchedule {
  private static final int PAUSES = DemoResult.STEPS + 1;

  private final Duration total;

  StepSchedule(Duration total) {
    this.total = total;
  }

  /**
   * The time of undisturbed traffic before the next step.
   *
   * @param elapsed since the start
   * @param done number of finished steps
   * @param expectedRest the usual duration of the remaining steps together
   * @return zero when the run is late
   */
  Duration pause(Duration elapsed, int done, Duration expectedRest) {
    Duration spare = total.minus(elapsed).minus(expectedRest);
    return spare.isNegative() ? Duration.ZERO : spare.dividedBy(PAUSES - done);
  }
}
