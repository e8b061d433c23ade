package dev.holdfast.cli;

/** The exit codes of the program. {@code run} ends with the exit code of its child instead. */
public final class ExitCode {
  /** Success: the command did its work. */
  public static final int OK = 0;

  /** Understood, but it could not be done, or nothing was found. */
  public static final int FAILED = 1;

  /** The command line, the environment or the configuration file makes no sense. */
  public static final int USAGE = 2;

  /** This machine lacks what the command needs, such as rights or tools; the text names them. */
  public static final int UNAVAILABLE = 3;

  /** {@code run}: the program to start may not be executed (as in a shell). */
  public static final int NOT_EXECUTABLE = 126;

  /** {@code run}: the program to start was not found (as in a shell). */
  public static final int NOT_FOUND = 127;

  private ExitCode() {}
}
