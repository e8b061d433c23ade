package dev.holdfast.liveness;

import dev.holdfast.liveness.Scene.Fate;
import java.time.Duration;
import java.util.SplittableRandom;

/**
 * The faults of a {@link Rehearsal}, drawn before it begins: stalls, stops, gaps and the peer's
 * end.
 */
final class RehearsalCast {
  private static final Duration SHORTEST = Duration.ofMillis(10);
  private static final Duration PAUSE_OF_TROUBLE = Duration.ofMinutes(10);

  final Intervals stalls;
  final Intervals stops;
  final Intervals gaps;
  final Fate fate;

  /** When the peer ends; {@link RehearsedWire#NEVER} when it lives. */
  final long endNanos;

  /** The time from which on nothing passes on this connection. */
  final long flowEndNanos;

  private final Weather weather;

  RehearsalCast(SplittableRandom random, Scene scene) {
    long lengthNanos = scene.length().toNanos();
    weather = scene.weather();
    fate = scene.fate();
    endNanos =
        fate == Fate.LIVES
            ? RehearsedWire.NEVER
            : lengthNanos / 4 + random.nextLong(lengthNanos / 4);
    flowEndNanos = fate == Fate.STUCK ? RehearsedWire.NEVER : endNanos;
    stalls =
        new Intervals(
            random.split(), weather.calm(), weather.leastStall(), weather.mostStall(), lengthNanos);
    stops = troubles(random.split(), scene.meanStop(), lengthNanos);
    gaps = troubles(random.split(), scene.meanGap(), lengthNanos);
  }

  private static Intervals troubles(SplittableRandom random, Duration mean, long lengthNanos) {
    return mean.isZero()
        ? new Intervals()
        : new Intervals(random, PAUSE_OF_TROUBLE, SHORTEST, mean.multipliedBy(2), lengthNanos);
  }

  /** When the peer's program handles what arrived then. */
  long answersAt(long arrivedNanos) {
    long runsNanos = stops.endAround(arrivedNanos);
    return runsNanos >= endNanos ? RehearsedWire.NEVER : runsNanos;
  }

  boolean isGone(long atNanos) {
    return atNanos >= endNanos;
  }

  /** When a new connection that is tried now has its SETTINGS. */
  long connectsAt(long nowNanos) {
    boolean dead = nowNanos >= endNanos && fate != Fate.FLOW_FORGOTTEN;
    if (dead) {
      return RehearsedWire.NEVER;
    }
    long passesNanos = stalls.endAround(nowNanos) + 2 * weather.roundTrip().toNanos();
    return stops.endAround(passesNanos);
  }
}
