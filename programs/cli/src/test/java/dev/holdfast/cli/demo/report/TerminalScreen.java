package dev.holdfast.cli.demo.report;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A terminal that understands what {@link TerminalDisplay} sends: lines, cursor up, clear below.
 */
final class TerminalScreen {
  private static final Pattern TOKEN =
      Pattern.compile("\u001b\\[(\\d*)([AJ])|(\r)|(\n)|([^\u001b\r\n]+)");

  private TerminalScreen() {}

  /** The lines that are on the screen in the end. */
  static List<String> after(String output) {
    List<String> lines = new ArrayList<>(List.of(""));
    int row = 0;
    Matcher token = TOKEN.matcher(output);
    while (token.find()) {
      if (token.group(5) != null) {
        lines.set(row, lines.get(row) + token.group(5));
      } else if (token.group(4) != null) {
        row++;
        if (row == lines.size()) {
          lines.add("");
        }
      } else if ("A".equals(token.group(2))) {
        row -= Integer.parseInt(token.group(1));
      } else if ("J".equals(token.group(2))) {
        lines.subList(row, lines.size()).clear();
        lines.add("");
      }
    }
    return lines.subList(
        0, lines.get(lines.size() - 1).isEmpty() ? lines.size() - 1 : lines.size());
  }
}
