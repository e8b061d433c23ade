package dev.holdfast.streams.grpc;

import dev.holdfast.core.Clock;
import java.time.Duration;

/** Since when a session is there, and since when its connection is as it is. Thread-safe. */
final class SessionAge {
  private final Clock clock;
  private final long beganNanos;
  private volatile long changedNanos;

  SessionAge(Clock clock) {
    this.clock = clock;
    this.beganNanos = clock.nanoTime();
    this.changedNanos = beganNanos;
  }

  /** An attachment was accepted or ended just now. */
  void onChange() {
    changedNanos = clock.nanoTime();
  }

  Duration whole() {
    return Duration.ofNanos(clock.nanoTime() - beganNanos);
  }

  Duration unchanged() {
    return Duration.ofNanos(clock.nanoTime() - changedNanos);
  }
}
