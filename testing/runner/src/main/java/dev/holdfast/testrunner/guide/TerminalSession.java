package dev.holdfast.testrunner.guide;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The use of one terminal by a page: what runs there, and the output that the page shows of it.
 * Used by one thread.
 */
final class TerminalSession implements AutoCloseable {
  /** Output that is still in the pipe when the last process has gone. */
  private static final Duration LAST_OUTPUT_LIMIT = Duration.ofSeconds(2);

  private final String name;
  private final Terminal terminal;
  private final Duration limit;
  private final PrintStream transcript;

  private int line;
  private @Nullable OutputMatcher matcher;
  private boolean running;
  private boolean interrupted;

  /**
   * A session in an open terminal.
   *
   * @param limit of each wait for output or the end of a command
   */
  TerminalSession(String name, Terminal terminal, Duration limit, PrintStream transcript) {
    this.name = name;
    this.terminal = terminal;
    this.limit = limit;
    this.transcript = transcript;
  }

  /** Types a command once the one before it has ended, and waits as the page says. */
  void type(PageStep.TypeCommand step) throws PageFailure, IOException, InterruptedException {
    matcher = null;
    awaitProgress(false);
    line = step.line();
    interrupted = false;
    matcher = step.output().isEmpty() ? null : new OutputMatcher(step.output(), false);
    say("$ " + step.command());
    terminal.type(step.command());
    running = true;
    awaitProgress(step.staysRunning());
  }

  /** Waits for further output of what runs. */
  void await(PageStep.AwaitOutput step) throws PageFailure, InterruptedException {
    line = step.line();
    matcher = new OutputMatcher(step.output(), true);
    awaitProgress(step.staysRunning());
  }

  /** Sends Ctrl-C to the command that runs. */
  void interrupt(PageStep.PressInterrupt step)
      throws PageFailure, IOException, InterruptedException {
    line = step.line();
    if (!running) {
      throw failure("^C: nothing runs (expected: a command that does)");
    }
    say("^C");
    interrupted = true;
    terminal.interrupt();
  }

  /** Waits for a command that was interrupted; reports one that failed unnoticed. */
  void finish() throws PageFailure, InterruptedException {
    matcher = null;
    if (interrupted) {
      awaitProgress(false);
      return;
    }
    Optional<Terminal.Event> event = terminal.next(Duration.ZERO);
    while (event.isPresent()) {
      handle(event.get());
      event = terminal.next(Duration.ZERO);
    }
  }

  @Override
  public void close() throws InterruptedException {
    terminal.close();
  }

  /** Returns when the expected output is complete, and unless it stays, the command has ended. */
  private void awaitProgress(boolean staysRunning) throws PageFailure, InterruptedException {
    long deadline = System.nanoTime() + limit.toNanos();
    while (missing().isPresent() || (running && !staysRunning)) {
      Duration wait = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
      boolean over = !running && !terminal.isBusy();
      if (over && wait.compareTo(LAST_OUTPUT_LIMIT) > 0) {
        wait = LAST_OUTPUT_LIMIT;
      }
      Optional<Terminal.Event> event = terminal.next(wait);
      if (event.isEmpty()) {
        String waited = over ? "the command ended" : limit.toSeconds() + " s";
        throw missing()
            .map(
                expected ->
                    new PageFailure(
                        expected.line(),
                        "no such output: %s (%s, line %d, %s)"
                            .formatted(expected.text(), name, line, waited)))
            .orElseGet(() -> failure("did not end within " + limit.toSeconds() + " s"));
      }
      handle(event.get());
    }
  }

  private Optional<OutputLine> missing() {
    return matcher == null ? Optional.empty() : matcher.missing();
  }

  private void handle(Terminal.Event event) throws PageFailure {
    if (event instanceof Terminal.Event.Closed) {
      throw failure("the shell ended (expected: only its commands end)");
    } else if (event instanceof Terminal.Event.Ended ended) {
      running = false;
      if (ended.status() != 0 && !interrupted) {
        throw failure("exit code " + ended.status() + " (expected: 0)");
      }
    } else if (event instanceof Terminal.Event.Printed printed) {
      say(printed.line());
      if (matcher != null) {
        Optional<String> wrong = matcher.accept(printed.line().stripTrailing());
        if (wrong.isPresent()) {
          throw new PageFailure(matcher.missing().map(OutputLine::line).orElse(line), wrong.get());
        }
      }
    }
  }

  private PageFailure failure(String message) {
    return new PageFailure(line, name + ": " + message);
  }

  private void say(String text) {
    for (String each : List.of(text.split("\n", -1))) {
      transcript.println(name + " | " + each);
    }
  }
}
