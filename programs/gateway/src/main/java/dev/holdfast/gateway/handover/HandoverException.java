package dev.holdfast.gateway.handover;

import java.io.IOException;

/** Thrown when a handover fails; the old gateway continues to serve. */
public final class HandoverException extends IOException {
  private static final long serialVersionUID = 1L;

  private final boolean gone;

  private HandoverException(String message, boolean gone) {
    super(message);
    this.gone = gone;
  }

  static HandoverException of(String message) {
    return new HandoverException(message, false);
  }

  /** The other process ended, or ended the conversation without a word. */
  static HandoverException gone(String message) {
    return new HandoverException(message, true);
  }

  boolean isGone() {
    return gone;
  }
}
