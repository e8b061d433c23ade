package dev.holdfast.cli.dashboards;

import java.util.Locale;

/**
 * An alert rule of Prometheus.
 *
 * @param name in CamelCase, beginning with Holdfast
 * @param severity the label {@code severity}
 * @param pending how long the condition must hold, as in 5m; 0m fires at once
 * @param condition in PromQL
 * @param text what a person reads
 */
public record Alert(
    String name, AlertSeverity severity, String pending, String condition, AlertText text) {
  /** The site of the documents to which the links of alerts lead. */
  static final String DOCUMENTS = "https://github.com/holdfast-dev/holdfast/blob/main/";

  /** How soon somebody must look. */
  public enum AlertSeverity {
    /** In working hours. */
    WARNING,
    /** Now: calls fail, or data is lost. */
    CRITICAL;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * The annotations of an alert.
   *
   * @param summary one line, with labels as templates
   * @param description the cause, and what to do
   * @param page the document that explains it, from the root of the repository, with its anchor
   */
  public record AlertText(String summary, String description, String page) {
    /** The link to the document. */
    String runbook() {
      return DOCUMENTS + page;
    }
  }

  static Alert warning(String name, String pending, String condition, AlertText text) {
    return new Alert(name, AlertSeverity.WARNING, pending, condition, text);
  }

  static Alert critical(String name, String pending, String condition, AlertText text) {
    return new Alert(name, AlertSeverity.CRITICAL, pending, condition, text);
  }
}
