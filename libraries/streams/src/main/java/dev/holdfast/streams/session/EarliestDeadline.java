package dev.holdfast.streams.session;

import java.time.Duration;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The earliest of several points in monotonic time, which must not be compared by {@code <}. */
final class EarliestDeadline {
  private OptionalLong earliest = OptionalLong.empty();

  /** Whether a deadline, if there is one, has come. */
  static boolean isOver(long nowNanos, @Nullable Long deadlineNanos) {
    return deadlineNanos != null && nowNanos - deadlineNanos >= 0;
  }

  void at(@Nullable Long nanos) {
    if (nanos != null && (earliest.isEmpty() || nanos - earliest.getAsLong() < 0)) {
      earliest = OptionalLong.of(nanos);
    }
  }

  /** Adds a point in time plus a wait; a wait of zero means never. */
  void after(long nanos, Duration wait) {
    if (!wait.isZero()) {
      at(nanos + wait.toNanos());
    }
  }

  OptionalLong earliest() {
    return earliest;
  }
}
