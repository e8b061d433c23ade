package dev.holdfast.testrunner.guide;

import java.util.List;

/** A step of a page for its reader, in the order of the page. */
sealed interface PageStep {
  /** The line of the page on which the step begins, counted from 1. */
  int line();

  /**
   * A file to be written; a file of the same path is replaced.
   *
   * @param path below the folder of the reader
   */
  record WriteFile(int line, String path, String text) implements PageStep {}

  /**
   * A command to be typed in a terminal.
   *
   * @param output the lines that it prints; none means that they are not shown
   * @param staysRunning whether the page goes on while the command runs
   */
  record TypeCommand(
      int line, String terminal, String command, List<OutputLine> output, boolean staysRunning)
      implements PageStep {}

  /**
   * Further output of the command that runs in a terminal.
   *
   * @param staysRunning whether the page goes on while the command runs
   */
  record AwaitOutput(int line, String terminal, List<OutputLine> output, boolean staysRunning)
      implements PageStep {}

  /** Ctrl-C in a terminal, for the command that runs there. */
  record PressInterrupt(int line, String terminal) implements PageStep {}
}
