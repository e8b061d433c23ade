package dev.holdfast.control.resources;

import java.time.Duration;
import java.util.OptionalInt;

/**
 * The outlier detection of a client: when it ejects an instance for a while because its success
 * rate is worse than that of the others.
 *
 * @param interval how often the answers are looked at
 * @param ejection for how long it is left out the first time; longer each time
 * @param maxEjectedPercent how many of the instances may be left out at once
 * @param failurePercent the part of failed calls above which it is left out
 * @param factor by how many thousandths of the standard deviation its success rate may stay below
 *     the average
 * @param volume what there must be before anything is judged
 * @param grpcJava whether clients made with grpc-java are told too, which then lose calls (the
 *     policy's key says how)
 */
public record OutlierRule(
    Duration interval,
    Duration ejection,
    int maxEjectedPercent,
    OptionalInt failurePercent,
    OptionalInt factor,
    Volume volume,
    boolean grpcJava) {

  /**
   * The minimum volume for outlier detection.
   *
   * @param calls the least number of calls to an instance within an interval
   * @param instances the least number of instances with that many calls
   */
  public record Volume(int calls, int instances) {}
}
