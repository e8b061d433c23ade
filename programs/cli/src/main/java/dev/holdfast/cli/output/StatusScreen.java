package dev.holdfast.cli.output;

import java.io.PrintWriter;
import java.util.List;
import java.util.function.Supplier;

/** The display of repeated status lines: in place on a terminal, elsewhere whenever they differ. */
public final class StatusScreen {
  private static final String ESCAPE = "\u001b[";

  private final PrintWriter out;
  private final boolean terminal;
  private final Supplier<Terminal.Size> size;
  private List<String> last = List.of();
  private int linesShown;

  /**
   * @param terminal whether the output can move its cursor
   */
  public StatusScreen(PrintWriter out, boolean terminal, Supplier<Terminal.Size> size) {
    this.out = out;
    this.terminal = terminal;
    this.size = size;
  }

  /** Shows these lines in place of those before. */
  public void show(List<String> lines) {
    if (terminal) {
      redraw(lines);
    } else if (!lines.equals(last)) {
      lines.forEach(out::println);
    }
    last = lines;
    out.flush();
  }

  /** Over what it wrote before, and never wider or higher than the terminal. */
  private void redraw(List<String> lines) {
    Terminal.Size room = size.get();
    if (linesShown > 0) {
      out.print(ESCAPE + linesShown + "A\r");
    }
    out.print(ESCAPE + "J");
    linesShown = Math.min(lines.size(), Math.max(1, room.rows() - 1));
    for (String line : lines.subList(0, linesShown)) {
      out.println(line.substring(0, Math.min(line.length(), Math.max(1, room.columns() - 1))));
    }
  }
}
