package dev.holdfast.core.discovery;

import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The time after an outage in which records ran out that nobody could renew, or after a store ended
 * many at once: an etcd leader that was stopped for longer than a TTL may revoke every lease when
 * it resumes, even if their owners kept them alive meanwhile.
 *
 * <p>Serving instances register again, one after the other: the store holds a part of the truth,
 * and a read proves no more than the watch. What the outage took may stay away for as long as it
 * takes to notice the loss (one TTL) and to try again (the longest pause between two attempts).
 */
@PureCore
final class ReRegistrationWindow {
  /** A third of the time to live may be over when a silence begins: owners renew as often. */
  private static final int PARTS_OF_TTL = 3;

  private final long shortestSilenceNanos;
  private final long lengthNanos;
  private @Nullable Long endsNanos;

  /**
   * @param recordTtl for how long a record lives after its last renewal; after two thirds of it in
   *     silence the first may have run out
   * @param length zero where records need nobody to renew them
   */
  ReRegistrationWindow(Duration recordTtl, Duration length) {
    this.shortestSilenceNanos = recordTtl.minus(recordTtl.dividedBy(PARTS_OF_TTL)).toNanos();
    this.lengthNanos = length.toNanos();
  }

  /** The registry speaks again, and spoke last at that time. */
  void begin(long nowNanos, long silentSinceNanos) {
    if (lengthNanos > 0 && nowNanos - silentSinceNanos - shortestSilenceNanos >= 0) {
      endsNanos = nowNanos + lengthNanos;
    }
  }

  /** Many records ended at once. */
  void beginAfterMassLoss(long nowNanos) {
    if (isPossible()) {
      endsNanos = nowNanos + lengthNanos;
    }
  }

  /** Whether records need somebody who renews them, and so can end by mistake. */
  boolean isPossible() {
    return lengthNanos > 0;
  }

  /** When it ends, unless it is over. */
  @Nullable Long endsNanos(long nowNanos) {
    if (endsNanos != null && nowNanos - endsNanos >= 0) {
      endsNanos = null;
    }
    return endsNanos;
  }
}
