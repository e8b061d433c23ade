package dev.holdfast.cli.demo;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.Program;

/**
 * The display of a run, for people or programs. Called from several threads; implementations lock.
 */
interface DemoDisplay {

  /** The one that suits where the output goes. */
  static DemoDisplay of(CommonOptions options) {
    Program program = options.program();
    if (options.json()) {
      return new JsonDisplay(program.out(), program.err());
    }
    if (Terminal.isInteractive()) {
      return new TerminalDisplay(program.out(), Terminal::size);
    }
    return new PlainDisplay(program.out());
  }

  /** Shows a line that belongs to no step. */
  void say(String line);

  /** Shows that a step begins. */
  void stepStarted(StepTitle step);

  /** Shows how a step ended. */
  void stepEnded(StepReport report);

  /** The state of things now; called about once per second. */
  void picture(DemoPicture picture);

  /** A call that failed; told once, at the end. */
  void failure(double atSeconds, String step, String status);

  /** The end; nothing is shown after it. */
  void result(DemoOutcome result);
}
