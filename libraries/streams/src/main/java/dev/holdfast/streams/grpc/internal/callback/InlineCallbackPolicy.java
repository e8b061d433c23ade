package dev.holdfast.streams.grpc.internal.callback;

import dev.holdfast.core.Clock;
import dev.holdfast.core.annotation.Limit;
import java.time.Duration;

/**
 * The rule whether the callbacks of a method may run on the thread that read their message ({@link
 * InlineCallbackThread}). After a long callback they run on the executor for a while, and for
 * longer when that happens again soon. When the time is over one message at a time is tried: if the
 * method is still slow, the others of a thousand streams would hold up as many threads.
 * Thread-safe.
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
  private boolean trying;
  private long restNanos;
  private long untilNanos;

  public InlineCallbackPolicy(Clock clock) {
    this.clock = clock;
  }

  /**
   * Whether callbacks may run on the thread that read their message; {@link #onRun} or {@link
   * #onLong} must follow.
   */
  public boolean mayRunInline() {
    return !resting || beginTrial();
  }

  /** Callbacks ran on such a thread for so long; 0 when there were none. */
  public void onRun(long nanos) {
    if (nanos > SHORT.toNanos()) {
      onLong();
    } else if (resting) {
      endTrial(nanos > 0);
    }
  }

  /** Records that a callback has been running for long. */
  public synchronized void onLong() {
    if (resting && !trying) {
      return;
    }
    long nowNanos = clock.nanoTime();
    boolean again = restNanos > 0 && nowNanos - untilNanos < restNanos;
    restNanos = again ? Math.min(2 * restNanos, LONGEST_REST_NANOS) : FIRST_REST_NANOS;
    untilNanos = nowNanos + restNanos;
    resting = true;
    trying = false;
  }

  private synchronized boolean beginTrial() {
    boolean begins = !trying && clock.nanoTime() - untilNanos >= 0;
    trying |= begins;
    return begins || !resting;
  }

  private synchronized void endTrial(boolean wasShort) {
    resting &= !(trying && wasShort);
    trying = false;
  }
}
