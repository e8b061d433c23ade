package dev.holdfast.streams.internal.rebalance;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.wire.SessionId;
import java.time.Duration;

/**
 * The age at which a stream is asked to move. It differs from stream to stream by up to 10 % either
 * way, so that streams that began together do not move together. The difference is that of the
 * stream's id, the same at each look.
 */
@PureCore
public final class MaxStreamAge {
  private static final double JITTER = 0.1;
  private static final double STEPS = 1 << 16;
  private static final long LOW_BITS = (1 << 16) - 1;

  private final long ageNanos;

  /**
   * @param age positive
   */
  public MaxStreamAge(Duration age) {
    this.ageNanos = age.toNanos();
  }

  /** Whether a stream that has been here for so long is to move. */
  public boolean isOver(SessionId id, Duration here) {
    double fraction = (id.low() & LOW_BITS) / STEPS;
    return here.toNanos() >= ageNanos * (1 - JITTER + 2 * JITTER * fraction);
  }
}
