package dev.holdfast.registry.dns;

import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * The time of the next query: once the TTL has passed, not sooner than {@code min} and not later
 * than {@code max}.
 *
 * <p>Jitter keeps a fleet from querying together. A query is later than the TTL by up to a tenth,
 * because a cache on the way would return the old answer before. At the upper bound, the query is
 * earlier by up to a tenth.
 */
@PureCore
final class RefreshPolicy {
  private static final int JITTER_DIVISOR = 10;

  private final Duration min;
  private final Duration max;
  private final RandomGenerator random;

  RefreshPolicy(Duration min, Duration max, RandomGenerator random) {
    this.min = min;
    this.max = max;
    this.random = random;
  }

  /** A TTL within the bounds. */
  Duration bounded(Duration ttl) {
    if (ttl.compareTo(min) < 0) {
      return min;
    }
    return ttl.compareTo(max) > 0 ? max : ttl;
  }

  /** The pause after an answer with this TTL. */
  Duration next(Duration ttl) {
    Duration bounded = bounded(ttl);
    long jitterNanos = random.nextLong(bounded.toNanos() / JITTER_DIVISOR + 1);
    return bounded.equals(max)
        ? bounded.minusNanos(jitterNanos)
        : bounded(bounded.plusNanos(jitterNanos));
  }
}
