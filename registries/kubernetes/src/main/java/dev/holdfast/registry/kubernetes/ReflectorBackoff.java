package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * The pauses between a {@link Reflector}'s requests, and the jitter on the watch timeout that it
 * requests.
 */
@PureCore
final class ReflectorBackoff {
  /** Compacted versions: lists bring what is new meanwhile, so their pauses stay short. */
  private static final Backoff.BackoffOptions AFTER_GONE =
      new Backoff.BackoffOptions(Duration.ofMillis(100), Duration.ofSeconds(2));

  private final Backoff backoff;
  private final Backoff gone;
  private final RandomGenerator random;

  ReflectorBackoff(Backoff.BackoffOptions retry, RandomGenerator random) {
    this.backoff = new Backoff(retry, random);
    this.gone = new Backoff(AFTER_GONE, random);
    this.random = random;
  }

  Duration next() {
    return backoff.next();
  }

  Duration afterGone() {
    return gone.next();
  }

  /** Resets both backoffs, after a watch that was of use. */
  void reset() {
    backoff.reset();
    gone.reset();
  }

  /**
   * A random duration between three quarters of a time and all of it: jitter, so that clients that
   * started together drift apart.
   */
  Duration jittered(Duration most) {
    return most.minusNanos(random.nextLong(most.toNanos() / 4 + 1));
  }
}
