package dev.holdfast.streams.grpc.internal.callback;

import dev.holdfast.core.Clock;
import dev.holdfast.core.annotation.Limit;
import java.time.Duration;

/**
 * The rule whether the callbacks of a method may run on the thread that read their message ({@link
 * InlineCallbackThread}). After a long callback they run on the executor for a while, and for
 * longer when that happens again soon. Thread-safe.
 */
public final class InlineCallbackPolicy {
  @Limit(
      of = "time of a handler's callback up to which it counts as short",
      then = "callbacks of its method run on the executor for a while")
  static final Duration SHORT = Duration.ofMillis(100);

  private static final long FIRST_REST_NANOS = Duration.ofSeconds(1).toNanos();
  private static final long LONGEST_REST_NANOS = Duration.ofMinutes(5).toNanos();

  private final Clock clock;
  private volatile boolean resting;

  // Guarded by this.
  private long restNanos;
  private long untilNanos;

  public InlineCallbackPolicy(Clock clock) {
    this.clock = clock;
  }

  /** Whether callbacks may run on the thread that read their message. */
  public boolean mayRunInline() {
    return !resting || isRested();
  }

  /** Callbacks ran on such a thread for so long. */
  public void onRun(long nanos) {
    if (nanos > SHORT.toNanos()) {
      onLong();
    }
  }

  /** Records that a callback has been running for long. */
  public synchronized void onLong() {
    if (resting) {
      return;
    }
    long nowNanos = clock.nanoTime();
    boolean again = restNanos > 0 && nowNanos - untilNanos < restNanos;
    restNanos = again ? Math.min(2 * restNanos, LONGEST_REST_NANOS) : FIRST_REST_NANOS;
    untilNanos = nowNanos + restNanos;
    resting = true;
  }

  private synchronized boolean isRested() {
    resting = resting && clock.nanoTime() - untilNanos < 0;
    return !resting;
  }
}
