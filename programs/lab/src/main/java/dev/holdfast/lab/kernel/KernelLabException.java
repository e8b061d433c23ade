package dev.holdfast.lab.kernel;

/**
 * The failure to set up the kernel lab or to run one of its commands; the message says what to do.
 */
public final class KernelLabException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The reason of a failure: the lab is unavailable, or a command failed. */
  public enum KernelLabFailureKind {
    /** Not Linux, a tool is missing, or the rights or a part of the kernel are. */
    UNAVAILABLE,
    /** A command failed after the lab had been set up. */
    FAILED
  }

  private final KernelLabFailureKind kind;

  KernelLabException(KernelLabFailureKind kernelLabFailureKind, String message) {
    super(message);
    this.kind = kernelLabFailureKind;
  }

  KernelLabException(KernelLabFailureKind kernelLabFailureKind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kernelLabFailureKind;
  }

  public KernelLabFailureKind kind() {
    return kind;
  }
}
