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
  private final long graceEndsNanos;
  private boolean settled;
  private boolean frozen;
  private boolean late;
  private boolean gone;

  SessionDrain(long graceEndsNanos) {
    this.graceEndsNanos = graceEndsNanos;
  }

  /** The client sends nothing more than what was received, as it said or as its method has it. */
  void onSettled() {
    settled = true;
  }

  /**
   * Whether it is time for the last word; true once.
   *
   * @param cursorDue whether the handler is about to mark a cursor, which is waited for until the
   *     grace time is over
   */
  boolean isFinalFrameDue(long nowNanos, ReceiveBuffer receiveBuffer, boolean cursorDue) {
    if (gone) {
      return false;
    }
    late |= nowNanos - graceEndsNanos >= 0;
    frozen |= late || (settled && receiveBuffer.delivered() == receiveBuffer.received());
    boolean processed = receiveBuffer.processed() == receiveBuffer.delivered();
    gone = frozen && processed && (late || !cursorDue);
    return gone;
  }

  /** Whether nothing new is delivered any more. */
  boolean isFrozen() {
    return frozen;
  }

  @Nullable Long graceEndsNanos() {
    return late || gone ? null : graceEndsNanos;
  }
}
