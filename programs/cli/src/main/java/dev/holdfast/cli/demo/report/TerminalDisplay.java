package dev.holdfast.cli.demo.report;

import dev.holdfast.cli.output.Terminal;
import java.io.PrintWriter;
import java.util.List;
import java.util.function.Supplier;

/**
 * The display on a terminal: the current state at the bottom, and the lines of the steps scrolling
 * above it.
 *
 * <p>The cursor moves only over lines that the display itself has written, so earlier output stays.
 * The display is never wider or higher than the terminal: a line that wraps or scrolls away would
 * break the count.
 */
final class TerminalDisplay implements DemoDisplay {
  private static final String ESCAPE = "\u001b[";
  private static final String CLEAR_BELOW = ESCAPE + "J";

  private final PrintWriter out;
  private final Supplier<Terminal.Size> size;
  private List<String> shown = List.of();

  /**
   * @param size of the terminal now; asked before every redraw, as windows change size
   */
  TerminalDisplay(PrintWriter out, Supplier<Terminal.Size> size) {
    this.out = out;
    this.size = size;
  }

  @Override
  public synchronized void say(String line) {
    above(line);
  }

  @Override
  public synchronized void stepStarted(StepTitle step) {
    above(PlainDisplay.announcement(step));
  }

  @Override
  public synchronized void stepEnded(StepReport report) {
    above(report.line());
  }

  @Override
  public synchronized void snapshot(RunSnapshot picture) {
    redraw(() -> {}, picture.lines(size.get()));
  }

  @Override
  public synchronized void failure(double atSeconds, String step, String status) {
    above(PlainDisplay.failureLine(atSeconds, step, status));
  }

  @Override
  public synchronized void result(DemoOutcome result) {
    // The last picture stays where it is; the result is the last line.
    shown = List.of();
    out.println(result.line());
    out.flush();
  }

  private void above(String line) {
    redraw(() -> out.println(line), shown);
  }

  private void redraw(Runnable before, List<String> picture) {
    if (!shown.isEmpty()) {
      out.print(ESCAPE + shown.size() + "A\r");
    }
    out.print(CLEAR_BELOW);
    before.run();
    picture.forEach(out::println);
    shown = picture;
    out.flush();
  }
}
