package dev.holdfast.control.internal.xds;

/** A request that no well-behaved client makes; its stream is ended with the message. */
public final class XdsViolation extends Exception {
  private static final long serialVersionUID = 1L;

  XdsViolation(String message) {
    super(message);
  }
}
