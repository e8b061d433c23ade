package dev.holdfast.duplex.conformance.scenario;

import dev.holdfast.duplex.conformance.peer.PeerEvents;
import java.time.Duration;
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

  /**
   * Checks that something began to be waited for long enough ago, and not much longer: at most a
   * quarter of the time that an awaited event may take.
   */
  static void waited(String what, long beganNanos, long leastMillis) {
    long waited = Duration.ofNanos(System.nanoTime() - beganNanos).toMillis();
    long most = leastMillis + PeerEvents.PATIENCE.dividedBy(4).toMillis();
    within("milliseconds to " + what, waited, leastMillis, most);
  }

  static void isTrue(String what, boolean fact) {
    if (!fact) {
      throw new AssertionError(what);
    }
  }
}
