package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.wire.FrameHeader.Flag;

/**
 * The state of level REOPEN at a peer without sessions. After a cut nothing is written until the
 * application has begun again on the next stream, because messages offered meanwhile belong to
 * neither stream.
 */
@PureCore
final class ReopenState {
  private long cuts;
  private long begun;
  private long dropped;
  private boolean halfClosed;
  private boolean plain;

  /** The stream of a plain peer was cut: what was not written on it never will be. */
  void onCut(SendBuffer sendBuffer) {
    cuts++;
    plain = true;
    dropped += sendBuffer.reopen();
  }

  /** Whether streams are opened without a hello, as nobody could know the session. */
  boolean isPlain() {
    return plain;
  }

  /** Whether the application still has to begin again. */
  boolean isWithheld() {
    return begun != cuts;
  }

  /** The application will send no more, of what it sends again neither. */
  void onHalfClose(SendBuffer sendBuffer) {
    halfClosed = true;
    if (!isWithheld()) {
      sendBuffer.finish(Flag.HALF_CLOSE, 0, Payload.EMPTY);
    }
  }

  /** Drops the held messages, because the application begins again. */
  void onBegin(SendBuffer sendBuffer) {
    dropped += sendBuffer.reopen();
    begun = cuts;
  }

  /** Repeats an earlier half-close after the application has begun again. */
  void onBegun(SendBuffer sendBuffer) {
    if (halfClosed) {
      onHalfClose(sendBuffer);
    }
  }

  /** Messages that were never written, so far. */
  long dropped() {
    return dropped;
  }
}
