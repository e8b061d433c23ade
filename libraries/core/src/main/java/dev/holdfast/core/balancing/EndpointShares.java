package dev.holdfast.core.balancing;

import dev.holdfast.core.annotation.PureCore;
import java.util.List;

/**
 * The calculation of each endpoint's share of the traffic, by weight, zone and age.
 *
 * <p>The local zone takes all calls while {@link #OVERPROVISIONING} times its working weight covers
 * its whole weight. So a zone may lose more than a quarter of its weight before calls spill over.
 * The missing part then goes to the other zones, in proportion to their working weights. The rule
 * and its factor are those of Envoy's locality weighted load balancing.
 *
 * <p>A new endpoint begins with {@link #MIN_SLOW_START_FACTOR} of its share and grows linearly to
 * all of it (slow start), to warm caches and compiled code.
 */
@PureCore
public final class EndpointShares {
  /** The overprovisioning factor: how many times its working weight a zone may carry. */
  public static final double OVERPROVISIONING = 1.4;

  /** The fraction of its share that a new endpoint gets at first. */
  public static final double MIN_SLOW_START_FACTOR = 0.1;

  /** Steps in which a new endpoint grows into its share. */
  public static final int SLOW_START_STEPS = 10;

  /**
   * The properties of an endpoint that determine its share.
   *
   * @param weight the weight in the registry
   * @param local whether the endpoint is in the caller's zone
   * @param ready whether calls can be sent there now
   * @param expected whether the endpoint counts towards its zone's capacity: false while it
   *     connects for the first time, or scaling up would look like a loss
   * @param slowStartFactor the fraction of its share that its age permits; {@link
   *     #MIN_SLOW_START_FACTOR} to 1
   */
  public record Candidate(
      int weight, boolean local, boolean ready, boolean expected, double slowStartFactor) {}

  private EndpointShares() {}

  /**
   * The share of each candidate, in their order; zero for those that get nothing.
   *
   * @param candidates all endpoints in use
   * @param zoned whether own zone comes first at all
   */
  public static double[] of(List<Candidate> candidates, boolean zoned) {
    double localShare = zoned ? localShare(candidates) : -1;
    double localRamped = 0;
    double otherRamped = 0;
    for (Candidate candidate : candidates) {
      if (candidate.ready() && candidate.local()) {
        localRamped += candidate.weight() * candidate.slowStartFactor();
      } else if (candidate.ready()) {
        otherRamped += candidate.weight() * candidate.slowStartFactor();
      }
    }
    double[] shares = new double[candidates.size()];
    for (int i = 0; i < shares.length; i++) {
      Candidate candidate = candidates.get(i);
      if (!candidate.ready()) {
        continue;
      }
      double ramped = candidate.weight() * candidate.slowStartFactor();
      if (localShare < 0) {
        shares[i] = ramped;
      } else if (candidate.local()) {
        shares[i] = ramped / localRamped * localShare;
      } else {
        shares[i] = ramped / otherRamped * (1 - localShare);
      }
    }
    return shares;
  }

  /**
   * The fraction of its share that an endpoint of some age may have, from {@link
   * #MIN_SLOW_START_FACTOR} to 1, in {@link #SLOW_START_STEPS} steps. Shares that are whole tenths
   * of each other make short schedules: 500 slots for 50 endpoints, where arbitrary shares took
   * thousands, rebuilt at every step.
   *
   * @param slowStartNanos the age from which on the endpoint has its full share; zero for at once
   */
  public static double slowStartFactor(long ageNanos, long slowStartNanos) {
    if (slowStartNanos == 0) {
      return 1;
    }
    long steps = SLOW_START_STEPS * ageNanos / slowStartNanos;
    return Math.min(1, Math.max(MIN_SLOW_START_FACTOR, (double) steps / SLOW_START_STEPS));
  }

  /** The local zone's fraction of the calls, from 0 to 1; negative when zones do not matter now. */
  private static double localShare(List<Candidate> candidates) {
    double localReady = 0;
    double localExpected = 0;
    double otherReady = 0;
    for (Candidate candidate : candidates) {
      if (candidate.local()) {
        localReady += candidate.ready() ? candidate.weight() : 0;
        localExpected += candidate.expected() ? candidate.weight() : 0;
      } else {
        otherReady += candidate.ready() ? candidate.weight() : 0;
      }
    }
    if (localReady == 0 || otherReady == 0) {
      return -1;
    }
    return Math.min(1, OVERPROVISIONING * localReady / Math.max(localExpected, localReady));
  }
}
