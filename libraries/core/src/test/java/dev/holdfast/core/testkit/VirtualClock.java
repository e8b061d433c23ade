package dev.holdfast.core.testkit;

import dev.holdfast.core.Clock;
import java.time.Duration;
import java.time.Instant;

/**
 * A clock that moves only when told. The wall clock can jump on its own, as that of a machine does.
 */
public final class VirtualClock implements Clock {
  // Shortly before the overflow, so that code that compares nanos with < fails in every test.
  private static final long ORIGIN_NANOS = Long.MAX_VALUE - Duration.ofSeconds(7).toNanos();
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private volatile long elapsedNanos;
  private volatile Duration wallOffset = Duration.ZERO;

  @Override
  public long nanoTime() {
    return ORIGIN_NANOS + elapsedNanos;
  }

  @Override
  public Instant wallTime() {
    return START.plusNanos(elapsedNanos).plus(wallOffset);
  }

  /** Virtual time since the beginning. */
  public Duration elapsed() {
    return Duration.ofNanos(elapsedNanos);
  }

  /** Moves the wall clock alone. */
  public synchronized void jumpWall(Duration by) {
    wallOffset = wallOffset.plus(by);
  }

  long elapsedNanos() {
    return elapsedNanos;
  }

  void moveTo(long nanos) {
    elapsedNanos = nanos;
  }
}
