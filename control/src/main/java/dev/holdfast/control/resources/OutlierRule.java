package dev.holdfast.control.resources;

import java.time.Duration;
import java.util.OptionalInt;

/**
 * When a client leaves an instance out for a while because it answers worse than the others.
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
   * What there must be before an instance is judged.
   *
   * @param calls to an instance within an interval
   * @param instances with that many calls
   */
  public record Volume(int calls, int instances) {}
}
