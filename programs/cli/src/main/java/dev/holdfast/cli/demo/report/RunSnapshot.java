package dev.holdfast.cli.demo.report;

import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.cli.output.Terminal;
import java.util.List;

/** The state of a run at one moment. */
public interface RunSnapshot {

  /** The time since the run began, in seconds. */
  double elapsedSeconds();

  /** The text for a pipe or a log, one element per line. */
  List<String> lines();

  /**
   * The text for a terminal of the given size. The text is narrower than the terminal and has fewer
   * rows, because a line that wraps or scrolls away can't be redrawn.
   */
  List<String> lines(Terminal.Size room);

  /** The JSON object for a program, with its {@code event}. */
  JsonLine json();
}
