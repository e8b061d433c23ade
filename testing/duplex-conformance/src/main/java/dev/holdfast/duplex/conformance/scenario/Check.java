package dev.holdfast.duplex.conformance.scenario;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Comparisons whose failure names both values. */
final class Check {
  private Check() {}

  static void equal(String what, @Nullable Object actual, @Nullable Object expected) {
    if (!Objects.equals(actual, expected)) {
      throw new AssertionError("%s: %s (expected: %s)".formatted(what, actual, expected));
    }
  }

  static void within(String what, long actual, long least, long most) {
    if (actual < least || actual > most) {
      throw new AssertionError("%s: %d (expected: %d to %d)".formatted(what, actual, least, most));
    }
  }

  static void isTrue(String what, boolean fact) {
    if (!fact) {
      throw new AssertionError(what);
    }
  }
}
