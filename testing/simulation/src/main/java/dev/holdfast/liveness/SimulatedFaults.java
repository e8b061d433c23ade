package dev.holdfast.liveness;

import dev.holdfast.liveness.KeepaliveScenario.PeerFailure;
import java.time.Duration;
import java.util.SplittableRandom;

/**
 * The faults of a {@link KeepaliveSimulation}, drawn before it begins: stalls, stops, gaps and the
 * peer's end.
 */
final class SimulatedFaults {
  private static final Duration SHORTEST = Duration.ofMillis(10);
  private static final Duration PAUSE_OF_TROUBLE = Duration.ofMinutes(10);

  final FaultIntervals stalls;
  final FaultIntervals stops;
  final FaultIntervals gaps;
  final PeerFailure peerFailure;

  /** When the peer ends; {@link SimulatedTcpSender#NEVER} when it lives. */
  final long endNanos;

  /** The time from which on nothing passes on this connection. */
  final long flowEndNanos;

  private final PathConditions pathConditions;

  SimulatedFaults(SplittableRandom random, KeepaliveScenario keepaliveScenario) {
    long lengthNanos = keepaliveScenario.length().toNanos();
    pathConditions = keepaliveScenario.pathConditions();
    peerFailure = keepaliveScenario.fate();
    endNanos =
        peerFailure == PeerFailure.LIVES
            ? SimulatedTcpSender.NEVER
            : lengthNanos / 4 + random.nextLong(lengthNanos / 4);
    flowEndNanos = peerFailure == PeerFailure.STUCK ? SimulatedTcpSender.NEVER : endNanos;
    stalls =
        new FaultIntervals(
            random.split(),
            pathConditions.calm(),
            pathConditions.leastStall(),
            pathConditions.mostStall(),
            lengthNanos);
    stops = troubles(random.split(), keepaliveScenario.meanStop(), lengthNanos);
    gaps = troubles(random.split(), keepaliveScenario.meanGap(), lengthNanos);
  }

  private static FaultIntervals troubles(SplittableRandom random, Duration mean, long lengthNanos) {
    return mean.isZero()
        ? new FaultIntervals()
        : new FaultIntervals(random, PAUSE_OF_TROUBLE, SHORTEST, mean.multipliedBy(2), lengthNanos);
  }

  /** When the peer's program handles what arrived then. */
  long answersAt(long arrivedNanos) {
    long runsNanos = stops.endAround(arrivedNanos);
    return runsNanos >= endNanos ? SimulatedTcpSender.NEVER : runsNanos;
  }

  boolean isGone(long atNanos) {
    return atNanos >= endNanos;
  }

  /** When a new connection that is tried now has its SETTINGS. */
  long connectsAt(long nowNanos) {
    boolean dead = nowNanos >= endNanos && peerFailure != PeerFailure.FLOW_FORGOTTEN;
    if (dead) {
      return SimulatedTcpSender.NEVER;
    }
    long passesNanos = stalls.endAround(nowNanos) + 2 * pathConditions.roundTrip().toNanos();
    return stops.endAround(passesNanos);
  }
}
