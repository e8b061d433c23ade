package dev.holdfast.gateway.schema;

import org.jspecify.annotations.Nullable;

/** Thrown when reflection yields no schema, with the reason. */
public final class ReflectionException extends Exception {
  private static final long serialVersionUID = 1L;

  private final ReflectionFailure kind;

  /** The kind of a failure. */
  public enum ReflectionFailure {
    /** The server implements neither version of reflection. */
    UNSUPPORTED,
    /** The server can't be reached, or the call failed. */
    UNAVAILABLE,
    /** The server answered a request with an error. */
    REFUSED,
    /** The response does not match the request, or makes no schema. */
    MALFORMED,
    /** The schema exceeds a limit. */
    TOO_LARGE
  }

  /**
   * A failure of a kind.
   *
   * @param message says what was expected
   */
  public ReflectionException(ReflectionFailure reflectionFailure, String message) {
    super(message);
    this.kind = reflectionFailure;
  }

  /** A failure of a kind with its cause. */
  public ReflectionException(
      ReflectionFailure reflectionFailure, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = reflectionFailure;
  }

  /** The kind of the failure. */
  public ReflectionFailure kind() {
    return kind;
  }
}
