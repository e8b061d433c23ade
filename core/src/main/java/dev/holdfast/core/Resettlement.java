package dev.holdfast.core;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The time after an outage in which records ran out that nobody could renew.
 *
 * <p>Whoever serves registers again, one after the other: the store holds a part of the truth, and
 * a read proves no more than the watch. What the outage took may stay away for as long as it takes
 * to notice the loss (one TTL) and to try again (the longest pause between two attempts).
 */
@PureCore
final class Resettlement {
  private final long recordTtlNanos;
  private final long lengthNanos;
  private @Nullable Long endsNanos;

  /**
   * @param recordTtl what a silence must last for records to run out
   * @param length zero where records need nobody to renew them
   */
  Resettlement(Duration recordTtl, Duration length) {
    this.recordTtlNanos = recordTtl.toNanos();
    this.lengthNanos = length.toNanos();
  }

  /** The registry speaks again, and spoke last at that time. */
  void begin(long nowNanos, long silentSinceNanos) {
    if (lengthNanos > 0 && nowNanos - silentSinceNanos - recordTtlNanos >= 0) {
      endsNanos = nowNanos + lengthNanos;
    }
  }

  /** When it ends, unless it is over. */
  @Nullable Long endsNanos(long nowNanos) {
    if (endsNanos != null && nowNanos - endsNanos >= 0) {
      endsNanos = null;
    }
    return endsNanos;
  }
}
