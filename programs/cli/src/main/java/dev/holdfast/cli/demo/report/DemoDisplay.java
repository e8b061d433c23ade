package dev.holdfast.cli.demo.report;

import dev.holdfast.cli.CommandContext;
import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.output.Terminal;

/**
 * The display of a run, for people or programs. Called from several threads; implementations lock.
 */
public interface DemoDisplay {

  /** The one that suits where the output goes. */
  static DemoDisplay of(CommonOptions options) {
    CommandContext commandContext = options.commandContext();
    if (options.json()) {
      return new JsonDisplay(commandContext.out(), commandContext.err());
    }
    if (Terminal.isInteractive()) {
      return new TerminalDisplay(commandContext.out(), Terminal::size);
    }
    return new PlainDisplay(commandContext.out());
  }

  /** Shows a line that belongs to no step. */
  void say(String line);

  /** Shows that a step begins. */
  void stepStarted(StepTitle step);

  /** Shows how a step ended. */
  void stepEnded(StepReport report);

  /** The state of things now; called about once per second. */
  void snapshot(RunSnapshot picture);

  /** A call that failed; told once, at the end. */
  void failure(double atSeconds, String step, String status);

  /** The end; nothing is shown after it. */
  void result(DemoOutcome result);
}
