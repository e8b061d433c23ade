package dev.holdfast.cli.dashboards;

import dev.holdfast.core.DocumentedMeter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The PromQL expressions of one meter, in panels and in alert rules. */
final class MeterQuery {
  /** The series of the processes that a person has chosen above the dashboard. */
  private static final String SELECTED = "{job=~\"$job\",instance=~\"$instance\"}";

  /** The window that Grafana fits to the interval of scrapes. */
  private static final String WINDOW = "[$__rate_interval]";

  private MeterQuery() {}

  /** The labels of a meter's series: its tags as Prometheus spells them. */
  static List<String> labels(DocumentedMeter meter) {
    return meter.tags().stream().map(tag -> tag.replace('.', '_')).toList();
  }

  /** The value of a gauge for each combination of labels: the sum, or the extreme, of processes. */
  static String value(DocumentedMeter gauge, String aggregation) {
    return by(aggregation, labels(gauge)) + " (" + gauge.prometheusName() + SELECTED + ")";
  }

  /** The rate per second of a counter, or of the part of a histogram that {@code suffix} names. */
  static String rate(DocumentedMeter meter, String suffix, List<String> labels) {
    return by("sum", labels)
        + " (rate("
        + meter.prometheusName()
        + suffix
        + SELECTED
        + WINDOW
        + "))";
  }

  /** The growth of a counter within one step of the panel. */
  static String increase(DocumentedMeter counter) {
    return by("sum", labels(counter))
        + " (increase("
        + counter.prometheusName()
        + SELECTED
        + WINDOW
        + "))";
  }

  /** A quantile of a histogram. */
  static String quantile(DocumentedMeter histogram, String quantile, List<String> labels) {
    List<String> withBound = new ArrayList<>(labels);
    withBound.add("le");
    return "histogram_quantile(" + quantile + ", " + rate(histogram, "_bucket", withBound) + ")";
  }

  /** The text that names a series of a panel; the fallback where it has no labels. */
  static String legend(List<String> labels, String fallback) {
    return labels.isEmpty()
        ? fallback
        : labels.stream().map(label -> "{{" + label + "}}").collect(Collectors.joining(" "));
  }

  /**
   * The condition that a counter grew within a window. The second half is for counters that appear
   * with their first event: {@code increase} of a series begins with its second value.
   *
   * @param matchers label matchers without braces; empty for all series
   * @param window as in 10m
   */
  static String happened(DocumentedMeter counter, String matchers, String window) {
    String series = series(counter, "", matchers);
    return "increase(%s[%s]) > 0 or (%s unless %s offset %s) > 0"
        .formatted(series, window, series, series, window);
  }

  /** The series of a meter, or of the part of a histogram that {@code suffix} names. */
  static String series(DocumentedMeter meter, String suffix, String matchers) {
    return meter.prometheusName() + suffix + (matchers.isEmpty() ? "" : "{" + matchers + "}");
  }

  private static String by(String aggregation, List<String> labels) {
    return labels.isEmpty() ? aggregation : aggregation + " by (" + String.join(", ", labels) + ")";
  }
}
