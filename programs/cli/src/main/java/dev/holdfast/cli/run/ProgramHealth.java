package dev.holdfast.cli.run;

/** The health of a program, as its instance's record shows it. */
public enum ProgramHealth {
  /** The program answers, and its health service, if it has one, says SERVING. */
  SERVING,
  /** The program does not answer, or its health service says that it does not serve. */
  NOT_SERVING
}
