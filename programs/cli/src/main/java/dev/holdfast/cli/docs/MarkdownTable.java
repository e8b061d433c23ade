package dev.holdfast.cli.docs;

import java.util.Arrays;
import java.util.stream.Collectors;

/** A builder of a table in Markdown. Escapes the characters that would break a row. */
final class MarkdownTable {
  private final StringBuilder text = new StringBuilder();

  MarkdownTable(String... heads) {
    row(heads);
    text.append("|---".repeat(heads.length)).append("|\n");
  }

  void row(String... cells) {
    text.append(
        Arrays.stream(cells)
            .map(cell -> cell.replace("|", "\\|").replace("\n", " "))
            .collect(Collectors.joining(" | ", "| ", " |\n")));
  }

  /** The text as code, or a dash where there is none. */
  static String code(String text) {
    return text.isEmpty() ? "-" : "`" + text + "`";
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
