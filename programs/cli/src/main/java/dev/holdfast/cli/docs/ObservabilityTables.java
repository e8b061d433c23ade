package dev.holdfast.cli.docs;

import dev.holdfast.cli.dashboards.Alert;
import dev.holdfast.cli.dashboards.Dashboard;
import dev.holdfast.cli.dashboards.ObservabilityFiles;

/** The tables of docs/dashboards.md. */
final class ObservabilityTables {
  private static final String DOCUMENTS = "docs/";

  private ObservabilityTables() {}

  /** Every dashboard with its file and the question that it answers. */
  static String dashboards() {
    MarkdownTable table = new MarkdownTable("dashboard", "question", "panels", "alerts");
    for (Dashboard dashboard : Dashboard.values()) {
      String file = "dashboards/" + dashboard.key() + ".json";
      table.row(
          "[" + dashboard.key() + "](../" + ObservabilityFiles.FOLDER + "/" + file + ")",
          dashboard.question(),
          String.valueOf(dashboard.panels().size()),
          String.valueOf(dashboard.alerts().size()));
    }
    return table.toString();
  }

  /** Every alert, by dashboard. */
  static String alerts() {
    MarkdownTable table =
        new MarkdownTable("alert", "severity", "after", "cause and remedy", "document");
    for (Dashboard dashboard : Dashboard.values()) {
      for (Alert alert : dashboard.alerts()) {
        String page = alert.text().page();
        table.row(
            MarkdownTable.code(alert.name()),
            alert.severity().toString(),
            alert.pending().equals("0m") ? "at once" : alert.pending(),
            plain(alert.text().description()),
            "["
                + page.substring(DOCUMENTS.length()).replaceAll("#.*", "")
                + "]("
                + page.substring(DOCUMENTS.length())
                + ")");
      }
    }
    return table.toString();
  }

  /** The sentence with the names of labels in the place of their values. */
  private static String plain(String template) {
    String text =
        template
            .replaceAll("\\{\\{ \\$labels\\.instance }}", "the process")
            .replaceAll("\\{\\{ \\$labels\\.(\\w+) }}", "the $1");
    return Character.toUpperCase(text.charAt(0)) + text.substring(1);
  }
}
