package dev.holdfast.hooks;

import java.time.Duration;

/**
 * The heartbeat times of a stream, on a path that counts only data within the stream as activity.
 *
 * @param every silence after which a frame is sent; more than zero
 * @param suspect silence of the other side after which something is wrong; more than {@code every}
 * @param dead silence from then on after which the connection below is given up; more than zero
 */
public record Heartbeat(Duration every, Duration suspect, Duration dead) {
  public Heartbeat {
    if (every.isNegative() || every.isZero()) {
      throw new IllegalArgumentException("every: " + every + " (expected: > 0)");
    }
    if (suspect.compareTo(every) <= 0) {
      throw new IllegalArgumentException("suspect: " + suspect + " (expected: > " + every + ")");
    }
    if (dead.isNegative() || dead.isZero()) {
      throw new IllegalArgumentException("dead: " + dead + " (expected: > 0)");
    }
  }
}
