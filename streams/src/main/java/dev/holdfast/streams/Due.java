package dev.holdfast.streams;

import java.time.Duration;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Collects points in monotonic time, which must not be compared by {@code <}. */
final class Due {
  private boolean any;
  private long earliestNanos;

  /** Whether a deadline, if there is one, has come. */
  static boolean isOver(long nowNanos, @Nullable Long deadlineNanos) {
    return deadlineNanos != null && nowNanos - deadlineNanos >= 0;
  }

  void at(@Nullable Long nanos) {
    if (nanos != null) {
      atNanos(nanos);
    }
  }

  /** So long after a point in time; a wait of zero means never. */
  void after(long nanos, Duration wait) {
    if (!wait.isZero()) {
      atNanos(nanos + wait.toNanos());
    }
  }

  OptionalLong earliest() {
    return any ? OptionalLong.of(earliestNanos) : OptionalLong.empty();
  }

  /** Boxes nothing: each message asks. */
  private void atNanos(long nanos) {
    if (!any || nanos - earliestNanos < 0) {
      any = true;
      earliestNanos = nanos;
    }
  }
}
