package dev.holdfast.gateway.schema;

import org.jspecify.annotations.Nullable;

/** Reflection that brought no schema, with the reason. */
public final class ReflectionException extends Exception {
  private static final long serialVersionUID = 1L;

  private final Kind kind;

  /** Why there is none. */
  public enum Kind {
    /** The server has no reflection, in neither version. */
    UNSUPPORTED,
    /** The server can't be reached, or its call failed. */
    UNAVAILABLE,
    /** It answered a question with an error. */
    REFUSED,
    /** What it answered is no answer to the question, or makes no schema. */
    MALFORMED,
    /** It would send more than is taken. */
    TOO_LARGE
  }

  /** A failure of a kind; the message says what was expected. */
  public ReflectionException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  /** As above, with its cause. */
  public ReflectionException(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** Why there is none. */
  public Kind kind() {
    return kind;
  }
}
