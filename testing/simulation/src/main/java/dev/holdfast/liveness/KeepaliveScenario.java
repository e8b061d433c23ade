package dev.holdfast.liveness;

import java.time.Duration;

/**
 * The scenario of a {@link KeepaliveSimulation}: the path, the peer and the traffic between them.
 *
 * @param pathConditions faults of the path
 * @param role of the side that watches
 * @param fate of the peer
 * @param meanStop how long the peer is stopped (a pause, an overload) on average, each time; zero:
 *     never
 * @param meanPause between two exchanges of messages, on average; a quiet connection has a long one
 * @param meanGap for how long this side does not run on average, each time; zero: never
 * @param length of the run
 */
public record KeepaliveScenario(
    PathConditions pathConditions,
    ConnectionRole role,
    PeerFailure fate,
    Duration meanStop,
    Duration meanPause,
    Duration meanGap,
    Duration length) {

  /** The fate of the peer at a random time in the run. */
  public enum PeerFailure {
    /** The peer lives to the end. */
    LIVES,
    /** The peer's machine is gone, or the path to it for ever: no ACK, and no new connection. */
    MACHINE_GONE,
    /** The path forgot this connection: no ACK, but new connections come about. */
    FLOW_FORGOTTEN,
    /** The peer's machine lives and acknowledges, and the peer never answers again. */
    STUCK
  }

  public KeepaliveScenario {
    if (meanPause.isZero() || meanPause.isNegative()) {
      throw new IllegalArgumentException("meanPause: " + meanPause + " (expected: > 0)");
    }
    if (length.compareTo(Duration.ofMinutes(1)) < 0) {
      throw new IllegalArgumentException("length: " + length + " (expected: >= 1m)");
    }
    if (meanStop.isNegative() || meanGap.isNegative()) {
      throw new IllegalArgumentException(
          "meanStop, meanGap: " + meanStop + ", " + meanGap + " (expected: >= 0)");
    }
  }

  /** N2 of the field notes: a server, and a device behind a poor mobile network. */
  public static KeepaliveScenario mobileDevice(PeerFailure peerFailure) {
    return new KeepaliveScenario(
        PathConditions.MOBILE,
        ConnectionRole.SERVER,
        peerFailure,
        Duration.ZERO,
        Duration.ofMinutes(3),
        Duration.ZERO,
        Duration.ofHours(2));
  }
}
