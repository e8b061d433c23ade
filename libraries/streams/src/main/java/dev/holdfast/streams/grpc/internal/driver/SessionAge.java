package dev.holdfast.streams.grpc.internal.driver;

import dev.holdfast.core.Clock;
import dev.holdfast.hooks.StreamStatus;
import java.time.Duration;

/** The start time of a session, and the time of the last change of its connection. Thread-safe. */
public final class SessionAge {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final Clock clock;
  private final long beganNanos;
  private volatile long changedNanos;

  public SessionAge(Clock clock) {
    this.clock = clock;
    this.beganNanos = clock.nanoTime();
    this.changedNanos = beganNanos;
  }

  /** An attachment was accepted or ended just now. */
  public void onChange() {
    changedNanos = clock.nanoTime();
  }

  /** The times of the session at a moment of its clock. */
  public StreamStatus.StreamTimes at(long nowNanos, long unackedMillis) {
    return new StreamStatus.StreamTimes(
        (nowNanos - beganNanos) / NANOS_PER_MILLI,
        Math.max(0, nowNanos - changedNanos) / NANOS_PER_MILLI,
        unackedMillis);
  }

  /** Brings what {@link #at} will need into the cache; the result means nothing. */
  public long prefetch() {
    return beganNanos;
  }

  public Duration whole() {
    return Duration.ofNanos(clock.nanoTime() - beganNanos);
  }

  public Duration unchanged() {
    return Duration.ofNanos(clock.nanoTime() - changedNanos);
  }
}
