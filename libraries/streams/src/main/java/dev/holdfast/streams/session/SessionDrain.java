package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;
import org.jspecify.annotations.Nullable;

/**
 * The orderly end of an in-memory session on an instance that shuts down. The client stops sending
 * and confirms that, received messages are processed, and then both sides know the same positions.
 * After the grace time no new message is delivered. A delivered message is still processed, because
 * its successor might process it again.
 */
@PureCore
final class SessionDrain {
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
  boolean isFinalFrameDue(long nowNanos, ReceiveBuffer receiveBuffer) {
    if (gone || graceEndsNanos == null) {
      return false;
    }
    boolean late = nowNanos - graceEndsNanos >= 0;
    frozen |= late || (settled && receiveBuffer.delivered() == receiveBuffer.received());
    gone = frozen && receiveBuffer.processed() == receiveBuffer.delivered();
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
