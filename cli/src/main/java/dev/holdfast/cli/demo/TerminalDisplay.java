package dev.holdfast.cli.demo;

import java.io.PrintWriter;
import java.util.List;
import java.util.function.IntSupplier;

/**
 * Keeps the table at the bottom of a terminal and lets the lines of the story scroll above it.
 *
 * <p>Only moves the cursor over lines it has written itself, so what stood in the terminal before
 * stays. No line is longer than the terminal is wide: a wrapped line would break the count.
 */
final class TerminalDisplay implements DemoDisplay {
  private static final String ESCAPE = "\u001b[";
  private static final String CLEAR_BELOW = ESCAPE + "J";

  private final PrintWriter out;
  private final IntSupplier width;
  private List<String> shown = List.of();

  /**
   * @param width the columns of the terminal now; asked before every redraw, as windows change size
   */
  TerminalDisplay(PrintWriter out, IntSupplier width) {
    this.out = out;
    this.width = width;
  }

  @Override
  public synchronized void say(String line) {
    above(line);
  }

  @Override
  public synchronized void stepStarted(int number, String title) {
    above(PlainDisplay.announcement(number, title));
  }

  @Override
  public synchronized void stepEnded(StepReport report) {
    above(report.line());
  }

  @Override
  public synchronized void table(DemoSnapshot snapshot) {
    redraw(() -> {}, DemoTable.lines(snapshot, width.getAsInt() - 1));
  }

  @Override
  public synchronized void failure(double atSeconds, String step, String status) {
    above(PlainDisplay.failureLine(atSeconds, step, status));
  }

  @Override
  public synchronized void result(DemoResult result) {
    // The last table stays where it is; the result is the last line.
    shown = List.of();
    out.println(result.line());
    out.flush();
  }

  private void above(String line) {
    redraw(() -> out.println(line), shown);
  }

  private void redraw(Runnable before, List<String> table) {
    if (!shown.isEmpty()) {
      out.print(ESCAPE + shown.size() + "A\r");
    }
    out.print(CLEAR_BELOW);
    before.run();
    table.forEach(out::println);
    shown = table;
    out.flush();
  }
}
