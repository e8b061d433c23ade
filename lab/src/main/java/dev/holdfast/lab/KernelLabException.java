package dev.holdfast.lab;

/** The kernel lab can't be had, or one of its commands failed; the message says what to do. */
public final class KernelLabException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Why. */
  public enum Kind {
    /** Not Linux, a tool is missing, or the rights or a part of the kernel are. */
    UNAVAILABLE,
    /** It was there, and a command of it failed. */
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
