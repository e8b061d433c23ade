package dev.holdfast.liveness;

import java.time.Duration;

/**
 * What a {@link Rehearsal} plays: the path, the peer and what passes between them.
 *
 * @param weather of the path
 * @param role of the side that watches
 * @param fate of the peer
 * @param meanStop how long the peer is stopped (a pause, an overload) on average, each time; zero:
 *     never
 * @param meanPause between two exchanges of messages, on average; a quiet connection has a long one
 * @param meanGap for how long this side does not run on average, each time; zero: never
 * @param length of the play
 */
public record Scene(
    Weather weather,
    Role role,
    Fate fate,
    Duration meanStop,
    Duration meanPause,
    Duration meanGap,
    Duration length) {

  /** What becomes of the peer, at some time in the middle of the play. */
  public enum Fate {
    /** It lives to the end. */
    LIVES,
    /** Its machine is gone, or the path to it for ever: no ACK, and no new connection. */
    MACHINE_GONE,
    /** The path forgot this connection: no ACK, but new connections come about. */
    FLOW_FORGOTTEN,
    /** Its machine lives and acknowledges, and it never answers again. */
    STUCK
  }

  public Scene {
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
  public static Scene mobileDevice(Fate fate) {
    return new Scene(
        Weather.MOBILE,
        Role.SERVER,
        fate,
        Duration.ZERO,
        Duration.ofMinutes(3),
        Duration.ZERO,
        Duration.ofHours(2));
  }
}
