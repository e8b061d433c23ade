package dev.holdfast.cli.demo.calls;

import dev.holdfast.cli.demo.load.CallStats;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The text layout of a snapshot for a given width. */
public final class DemoTable {
  private static final int BAR_CELLS = 20;
  // The bar is drawn only where the columns before it leave room.
  private static final int WIDTH_WITH_BAR = 92;

  private DemoTable() {}

  /**
   * The lines of the table, none longer than the width.
   *
   * @param width columns of the terminal
   */
  public static List<String> lines(DemoSnapshot snapshot, int width) {
    List<String> lines = new ArrayList<>();
    lines.add(format("%6.1f s  %s", snapshot.elapsedSeconds(), snapshot.step()));
    lines.add(
        format(
            "  %-8s %-21s %-9s %8s %6s %8s %8s",
            "instance", "address", "state", "calls/s", "share", "p50 ms", "p99 ms"));
    for (DemoSnapshot.Row row : snapshot.instances()) {
      lines.add(instance(row, width));
    }
    lines.add(client("holdfast client", snapshot.holdfast(), true));
    lines.add(client("through gateway", snapshot.gateway(), true));
    lines.add(client("stock grpc-java", snapshot.stock(), false));
    lines.replaceAll(line -> line.length() <= width ? line : line.substring(0, width));
    return lines;
  }

  /** Leaves the oldest instances out where the window is too low: the cursor can't leave it. */
  static List<String> fitted(List<String> table, int rows) {
    int heading = Math.min(2, Math.max(0, rows));
    if (table.size() <= rows) {
      return table;
    }
    List<String> kept = new ArrayList<>(table.subList(0, heading));
    kept.addAll(table.subList(table.size() - Math.max(0, rows - heading), table.size()));
    return kept;
  }

  private static String instance(DemoSnapshot.Row row, int width) {
    String columns =
        format(
            "  %-8s %-21s %-9s %8.1f %5.0f%% %8.1f %8.1f",
            row.name(),
            row.address(),
            row.state(),
            row.callsPerSecond(),
            row.sharePercent(),
            row.p50Millis(),
            row.p99Millis());
    if (width < WIDTH_WITH_BAR) {
      return columns;
    }
    int filled = (int) Math.round(row.sharePercent() * BAR_CELLS / 100);
    return columns + "  " + "#".repeat(Math.min(BAR_CELLS, filled));
  }

  private static String client(
      String name, CallStats.ClientCallTotals clientCallTotals, boolean withRetries) {
    return format(
            "  %-16s calls=%d failed=%d", name, clientCallTotals.calls(), clientCallTotals.failed())
        + (withRetries ? format(" retried=%d", clientCallTotals.retried()) : "")
        + format(" p99=%.1f ms", clientCallTotals.p99Millis());
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
