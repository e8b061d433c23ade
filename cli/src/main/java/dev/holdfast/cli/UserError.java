package dev.holdfast.cli;

/** What a user can put right: shown as one text without a stack trace. */
public final class UserError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int exitCode;

  private UserError(int exitCode, String message) {
    super(message);
    this.exitCode = exitCode;
  }

  /** The command was understood and could not be done. */
  public static UserError failed(String message) {
    return new UserError(ExitCode.FAILED, message);
  }

  /** What was given makes no sense. */
  public static UserError usage(String message) {
    return new UserError(ExitCode.USAGE, message);
  }

  /** As {@link #failed}, with an exit code that has a meaning of its own. */
  public static UserError withCode(int exitCode, String message) {
    return new UserError(exitCode, message);
  }

  /** What the process ends with. */
  public int exitCode() {
    return exitCode;
  }
}
