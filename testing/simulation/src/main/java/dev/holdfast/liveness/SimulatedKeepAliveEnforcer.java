package dev.holdfast.liveness;

import java.time.Duration;

/** A model of gRPC's server-side ping enforcement with default settings. */
final class SimulatedKeepAliveEnforcer {
  private static final int PERMITTED_STRIKES = 2;

  private static final long PERMIT_NANOS = Duration.ofMinutes(5).toNanos();
  private static final long PERMIT_IDLE_NANOS = Duration.ofHours(2).toNanos();

  private final long epochNanos;
  private long lastValidNanos;
  private int strikes;
  private boolean fatal;

  SimulatedKeepAliveEnforcer(long nowNanos) {
    epochNanos = nowNanos;
    lastValidNanos = nowNanos;
  }

  /** Counts a PING, with a strike if it came too early. */
  void onPing(long nowNanos, boolean hasCalls) {
    long sinceNanos = nowNanos - lastValidNanos;
    if (sinceNanos >= (hasCalls ? PERMIT_NANOS : PERMIT_IDLE_NANOS)) {
      lastValidNanos = nowNanos;
    } else {
      strikes++;
      fatal |= strikes > PERMITTED_STRIKES;
    }
  }

  /** The server wrote HEADERS or DATA: all is forgiven. */
  void onCallFrame() {
    lastValidNanos = epochNanos;
    strikes = 0;
  }

  /** Whether the server closed the connection with too_many_pings. */
  boolean isFatal() {
    return fatal;
  }
}
