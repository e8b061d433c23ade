package dev.holdfast.lab;

/**
 * The failure to set up the kernel lab or to run one of its commands; the message says what to do.
 */
public final class KernelLabException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The reason of a failure: the lab is unavailable, or a command failed. */
  public enum Kind {
    /** Not Linux, a tool is missing, or the rights or a part of the kernel are. */
    UNAVAILABLE,
    /** A command failed after the lab had been set up. */
    FAILED
  }

  private final Kind kind;

  KernelLabException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  KernelLabException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
