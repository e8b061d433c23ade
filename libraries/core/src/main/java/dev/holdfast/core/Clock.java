package dev.holdfast.core;

import java.time.Instant;

/**
 * The two times of a machine: one for intervals, one for people.
 *
 * <p>Deadlines are computed from {@link #nanoTime()} alone, so a wall clock that jumps a day
 * changes nothing but what is printed. Thread-safe.
 */
public interface Clock {

  /**
   * Monotonic time in nanoseconds with an arbitrary origin; only differences have a meaning, and
   * they must be taken as {@code a - b}, never compared by {@code <}.
   */
  long nanoTime();

  /** Wall-clock time, for log lines and files that people read. It may jump. */
  Instant wallTime();

  /** The clock of this machine. */
  static Clock system() {
    return SystemClock.INSTANCE;
  }
}
