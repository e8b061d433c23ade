package dev.holdfast.streams;

import dev.holdfast.core.PureCore;
import dev.holdfast.streams.wire.FrameHeader.Flag;

/**
 * Level reopen at a peer without sessions: from the cut of a stream until the application has begun
 * again on the next one nothing is written, because what it offers meanwhile belongs to neither.
 */
@PureCore
final class Reopening {
  private long cuts;
  private long begun;
  private long dropped;
  private boolean halfClosed;
  private boolean plain;

  /** The stream of a plain peer was cut: what was not written on it never will be. */
  void onCut(Outbox outbox) {
    cuts++;
    plain = true;
    dropped += outbox.reopen();
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
  void onHalfClose(Outbox outbox) {
    halfClosed = true;
    if (!isWithheld()) {
      outbox.finish(Flag.HALF_CLOSE, 0, Payload.EMPTY);
    }
  }

  /** The application begins again. */
  void onBegin(Outbox outbox) {
    dropped += outbox.reopen();
    begun = cuts;
  }

  /** The application has begun again: a half-close that it said before is still meant. */
  void onBegun(Outbox outbox) {
    if (halfClosed) {
      onHalfClose(outbox);
    }
  }

  /** Messages that were never written, so far. */
  long dropped() {
    return dropped;
  }
}
