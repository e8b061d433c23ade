package dev.holdfast.cli.demo;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Keeps the table at the bottom of a terminal and lets the lines of the story scroll above it.
 *
 * <p>Only moves the cursor over lines it has written itself, so what stood in the terminal before
 * stays. The table is never wider or higher than the terminal: a line that wraps or scrolls away
 * would break the count.
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
  public synchronized void stepStarted(int number, String title) {
    above(PlainDisplay.announcement(number, title));
  }

  @Override
  public synchronized void stepEnded(StepReport report) {
    above(report.line());
  }

  @Override
  public synchronized void table(DemoSnapshot snapshot) {
    Terminal.Size now = size.get();
    redraw(() -> {}, fitted(DemoTable.lines(snapshot, now.columns() - 1), now.rows() - 1));
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

  /** Leaves the oldest instances out where the window is too low: the cursor can't leave it. */
  private static List<String> fitted(List<String> table, int rows) {
    int heading = Math.min(2, Math.max(0, rows));
    if (table.size() <= rows) {
      return table;
    }
    List<String> kept = new ArrayList<>(table.subList(0, heading));
    kept.addAll(table.subList(table.size() - Math.max(0, rows - heading), table.size()));
    return kept;
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
