package dev.holdfast.cli;

/** An error that the user can correct. The program prints its message without a stack trace. */
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

  /** An error for invalid input: command line, environment or configuration file. */
  public static UserError usage(String message) {
    return new UserError(ExitCode.USAGE, message);
  }

  /** An error of a command that was understood and could not be done, with a specific exit code. */
  public static UserError withCode(int exitCode, String message) {
    return new UserError(exitCode, message);
  }

  /** The exit code of the process, as listed in {@link ExitCode}. */
  public int exitCode() {
    return exitCode;
  }
}
