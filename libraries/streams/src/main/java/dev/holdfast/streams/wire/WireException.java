package dev.holdfast.streams.wire;

/**
 * The error of bytes that violate the protocol. Without a stack trace, because a peer that sends
 * malformed bytes must not cost more than one that does not.
 */
public final class WireException extends Exception {
  /** The kind of a protocol violation. */
  public enum WireViolation {
    /** The bytes end in the middle of a value. */
    TRUNCATED,
    /** The bytes are longer than the protocol permits. */
    TOO_LONG,
    /** A value has a spelling that is not the shortest, stands twice or out of order. */
    NOT_CANONICAL,
    /** There is a field that this version does not know. */
    UNKNOWN_FIELD,
    /** A value is outside its range, or missing. */
    BAD_VALUE
  }

  private static final long serialVersionUID = 1;

  private final WireViolation kind;

  WireException(WireViolation wireViolation, String message) {
    super(wireViolation + ": " + message, null, false, false);
    this.kind = wireViolation;
  }

  /** A key of the handshake has more values than one. */
  public static WireException several(String key) {
    return new WireException(WireViolation.BAD_VALUE, key + ": several values (expected: 1)");
  }

  public WireViolation kind() {
    return kind;
  }
}
