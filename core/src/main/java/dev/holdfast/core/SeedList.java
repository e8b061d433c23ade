package dev.holdfast.core;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The list from before the start of this process, which is used only when the registry has nothing
 * better to say within a moment.
 */
@PureCore
final class SeedList {
  private final long patienceNanos;
  private boolean expected;
  private EndpointSet list = EndpointSet.EMPTY;
  private long goodAtNanos;
  private @Nullable Long waitEndsNanos;

  SeedList(Duration patience, boolean expected) {
    this.patienceNanos = patience.toNanos();
    this.expected = expected;
  }

  /** It came, or turned out to be empty. */
  void arrived(long nowNanos, EndpointSet found, Duration age) {
    expected = false;
    list = found;
    goodAtNanos = nowNanos - age.toNanos();
  }

  /** Begins to wait, for the list itself or for the registry. */
  void await(long nowNanos) {
    waitEndsNanos = nowNanos + patienceNanos;
  }

  void stopWaiting() {
    waitEndsNanos = null;
  }

  /** Whether the wait ends now; the list is not expected any more then. */
  boolean isWaitOver(long nowNanos) {
    if (waitEndsNanos == null || nowNanos - waitEndsNanos < 0) {
      return false;
    }
    waitEndsNanos = null;
    expected = false;
    return true;
  }

  /** Whether it may still come. */
  boolean isExpected() {
    return expected;
  }

  EndpointSet list() {
    return list;
  }

  long goodAtNanos() {
    return goodAtNanos;
  }

  @Nullable Long waitEndsNanos() {
    return waitEndsNanos;
  }
}
