package dev.holdfast.core.discovery;

import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The list from before the start of this process. Used only when the registry delivers nothing
 * better within a moment.
 */
@PureCore
final class SeedList {
  /**
   * On a busy machine the first connection of a new process takes a second; a control plane whose
   * clients have newer lists must not take them back meanwhile.
   */
  @Limit(
      of = "time that a list from disk waits for the registry's first word",
      then = "it is used, as at once when the registry can't be reached")
  static final Duration REGISTRY_PATIENCE = Duration.ofSeconds(3);

  @Limit(
      of = "time that an empty first word of the registry waits for a list from disk",
      then = "the empty list is used")
  static final Duration DISK_PATIENCE = Duration.ofMillis(500);

  private boolean expected;
  private EndpointSet list = EndpointSet.EMPTY;
  private long goodAtNanos;
  private @Nullable Long waitEndsNanos;

  SeedList(boolean expected) {
    this.expected = expected;
  }

  /** Sets the list that was found, which may be empty. */
  void arrived(long nowNanos, EndpointSet found, Duration age) {
    expected = false;
    list = found;
    goodAtNanos = nowNanos - age.toNanos();
  }

  /** The list is there, and the registry may still say something better. */
  void awaitRegistry(long nowNanos) {
    waitEndsNanos = nowNanos + REGISTRY_PATIENCE.toNanos();
  }

  /** The registry has said that there is nothing, and the list may say otherwise. */
  void awaitDisk(long nowNanos) {
    waitEndsNanos = nowNanos + DISK_PATIENCE.toNanos();
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
