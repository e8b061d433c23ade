package dev.holdfast.core.discovery;

import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The arithmetic of points in monotonic time, which may overflow and must not be compared by {@code
 * <}.
 */
final class Deadlines {
  private Deadlines() {}

  /** The earliest of those that there are. */
  static OptionalLong earliest(@Nullable Long... deadlines) {
    OptionalLong earliest = OptionalLong.empty();
    for (Long deadline : deadlines) {
      if (deadline != null && (earliest.isEmpty() || deadline - earliest.getAsLong() < 0)) {
        earliest = OptionalLong.of(deadline);
      }
    }
    return earliest;
  }
}
