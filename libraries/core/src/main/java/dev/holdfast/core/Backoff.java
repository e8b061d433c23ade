package dev.holdfast.core;

import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * The delays between attempts: exponential, capped, with full jitter.
 *
 * <p>The n-th delay is drawn evenly from zero up to {@code min(cap, base * 2^n)}. Full jitter
 * spreads clients that lost their server at the same time (AWS Architecture Blog, "Exponential
 * Backoff and Jitter").
 *
 * <p>Call {@link #reset()} only after real progress, such as a list received or a message
 * acknowledged, never after a connection that merely opened. Not thread-safe.
 */
@PureCore
public final class Backoff {
  /** The most doublings of the base: the shift stays below the width of a long. */
  private static final int DOUBLINGS = 40;

  private final BackoffOptions backoffOptions;
  private final RandomGenerator random;
  private int attempts;

  public Backoff(BackoffOptions backoffOptions, RandomGenerator random) {
    this.backoffOptions = backoffOptions;
    this.random = random;
  }

  /** The delay before the next attempt; each call counts as one more failed attempt. */
  public Duration next() {
    long baseNanos = backoffOptions.base().toNanos();
    long capNanos = backoffOptions.cap().toNanos();
    int doublings = Math.min(attempts, DOUBLINGS);
    // Compared before shifting, so that a large base can't overflow into a tiny delay.
    long ceilingNanos = baseNanos > (capNanos >> doublings) ? capNanos : baseNanos << doublings;
    attempts++;
    return Duration.ofNanos(random.nextLong(ceilingNanos + 1));
  }

  /** Forgets the failed attempts: call it on real progress. */
  public void reset() {
    attempts = 0;
  }

  /** Failed attempts since the last {@link #reset()}. */
  public int attempts() {
    return attempts;
  }

  /**
   * The bounds of a {@link Backoff}.
   *
   * @param base upper bound of the first delay; more than zero
   * @param cap upper bound of every delay; at least {@code base}
   */
  public record BackoffOptions(Duration base, Duration cap) {
    /** 100 ms to 10 s: for a registry, whose clients can go on without it meanwhile. */
    public static final BackoffOptions REGISTRY =
        new BackoffOptions(Duration.ofMillis(100), Duration.ofSeconds(10));

    public BackoffOptions {
      if (base.isNegative() || base.isZero()) {
        throw new IllegalArgumentException("base: " + base + " (expected: > 0)");
      }
      if (cap.compareTo(base) < 0) {
        throw new IllegalArgumentException("cap: " + cap + " (expected: >= base, " + base + ")");
      }
    }
  }
}
