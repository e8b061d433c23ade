package dev.holdfast.streams;

import dev.holdfast.core.PureCore;
import org.jspecify.annotations.Nullable;

/**
 * How a session in memory leaves an instance that ends: the client stops sending and says so, what
 * came is processed, and then both sides know the same numbers. After the grace time nothing new is
 * delivered; what was delivered is still processed, or its successor might do it twice.
 */
@PureCore
final class Departure {
  private @Nullable Long graceEndsNanos;
  private boolean settled;
  private boolean frozen;
  private boolean gone;

  void begin(long graceEndsAtNanos) {
    if (graceEndsNanos == null) {
      graceEndsNanos = graceEndsAtNanos;
    }
  }

  /** The client sends nothing more than what was received. */
  void onSettled() {
    settled = true;
  }

  /** Whether it is time for the last word; true once. */
  boolean isTime(long nowNanos, Inbox inbox) {
    if (gone || graceEndsNanos == null) {
      return false;
    }
    boolean late = nowNanos - graceEndsNanos >= 0;
    frozen |= late || (settled && inbox.delivered() == inbox.received());
    gone = frozen && inbox.processed() == inbox.delivered();
    return gone;
  }

  boolean hasBegun() {
    return graceEndsNanos != null;
  }

  /** Whether nothing new is delivered any more. */
  boolean isFrozen() {
    return frozen;
  }

  @Nullable Long graceEndsNanos() {
    return frozen ? null : graceEndsNanos;
  }
}
