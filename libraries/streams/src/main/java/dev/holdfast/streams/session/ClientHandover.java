package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.SequencedMessage;
import dev.holdfast.streams.wire.SessionHandover;
import dev.holdfast.streams.wire.WireException;
import org.jspecify.annotations.Nullable;

/**
 * The hand-over of a client's session to another owner: prepared by the final frame of the owner
 * before, begun when the application was given everything before that frame, and over with the
 * welcome of the next owner.
 */
@PureCore
final class ClientHandover {
  private final SendBuffer sendBuffer;
  private final ReceiveBuffer receiveBuffer;
  private @Nullable SessionHandover handover;
  private boolean acceptsRestart;
  private boolean begun;

  ClientHandover(SendBuffer sendBuffer, ReceiveBuffer receiveBuffer) {
    this.sendBuffer = sendBuffer;
    this.receiveBuffer = receiveBuffer;
  }

  /**
   * Takes the last word of an owner.
   *
   * @return false when it hands nothing over, or nothing that can be taken: then it is the end
   */
  boolean prepare(SequencedMessage last) {
    if (last.body().sizeBytes() > 0) {
      try {
        SessionHandover next = SessionHandover.parse(last.body().toByteArray());
        if (next.position() == last.seq() && isTakeable(next)) {
          handover = next;
        }
      } catch (WireException e) {
        // Bytes of another version: the session ends as it did before there were hand-overs.
        handover = null;
      }
    }
    return handover != null;
  }

  /** The application takes the messages of a handler that begins anew. */
  void acceptRestart() {
    acceptsRestart = true;
  }

  /** A handler that begins anew is noticed only by who has messages of the one before. */
  private boolean isTakeable(SessionHandover next) {
    boolean noticed = next.restarts() && next.messages() > 0;
    return (!next.replays() || sendBuffer.mayRewind()) && (!noticed || acceptsRestart);
  }

  /** Whether no owner is there: messages wait. */
  boolean isPending() {
    return handover != null;
  }

  /** Whether the session may go to another owner now. */
  boolean isDue() {
    return handover != null && !begun && receiveBuffer.mayGoOn();
  }

  void begin() {
    begun = true;
  }

  boolean hasBegun() {
    return begun;
  }

  /** The value for the request headers of the next attachment. */
  SessionHandover shown() {
    return handover != null && begun ? handover : SessionHandover.OFFER;
  }

  /** The lowest position that the next attachment can send. */
  long low() {
    return shown().replays() ? 1 : sendBuffer.low();
  }

  /**
   * The next owner has welcomed the session.
   *
   * @return the hand-over that it takes; null when there was none
   */
  @Nullable SessionHandover finish() {
    SessionHandover taken = begun ? handover : null;
    if (taken != null) {
      receiveBuffer.goOn();
      if (taken.replays()) {
        sendBuffer.rewind();
      }
    }
    handover = begun ? null : handover;
    begun = false;
    return taken;
  }
}
