package dev.holdfast.cli.dashboards;

import dev.holdfast.core.DocumentedMeter;
import dev.holdfast.core.RegistryMeter.MeterType;
import java.util.List;

/**
 * A panel of a dashboard, which shows one meter.
 *
 * @param meter the meter
 * @param title a few words
 * @param healthy what a healthy value is; the description of the panel ends with it
 * @param kind how values are drawn
 * @param unit of the axis, by Grafana's identifier
 * @param queries one or more, each with the text that names its series
 */
public record Panel(
    DocumentedMeter meter,
    String title,
    String healthy,
    PanelKind kind,
    String unit,
    List<PanelQuery> queries) {

  /** How the values of a panel are drawn. */
  public enum PanelKind {
    /** A line for each series. */
    LINES("timeseries"),
    /** A bar for each step in which a rare event occurred. */
    BARS("timeseries"),
    /** A band for each series, colored by the state of a machine. */
    STATES("state-timeline");

    private final String type;

    PanelKind(String type) {
      this.type = type;
    }

    /** The panel type of Grafana. */
    String type() {
      return type;
    }
  }

  /**
   * A query of a panel.
   *
   * @param expression in PromQL, with the variables of the dashboard
   * @param legend the text that names a series
   */
  public record PanelQuery(String expression, String legend) {}

  public Panel {
    queries = List.copyOf(queries);
  }

  /** A gauge: the sum of all processes if it counts something, else the highest value. */
  static Panel value(DocumentedMeter gauge, String title, String healthy) {
    return value(gauge, gauge.spec().addsUp() ? "sum" : "max", title, healthy);
  }

  /** A gauge, of whose values an aggregation of PromQL is shown. */
  static Panel value(DocumentedMeter gauge, String aggregation, String title, String healthy) {
    require(gauge, MeterType.GAUGE);
    return new Panel(
        gauge,
        title,
        healthy,
        PanelKind.LINES,
        unit(gauge),
        List.of(query(MeterQuery.value(gauge, aggregation), gauge, title)));
  }

  /** The state of a machine; the names of the states are those of the meter's description. */
  static Panel state(DocumentedMeter gauge, String title, String healthy) {
    require(gauge, MeterType.GAUGE);
    return new Panel(
        gauge,
        title,
        healthy,
        PanelKind.STATES,
        "short",
        List.of(query(MeterQuery.value(gauge, "max"), gauge, title)));
  }

  /** The rate of a counter that always grows. */
  static Panel rate(DocumentedMeter counter, String title, String healthy) {
    require(counter, MeterType.COUNTER);
    return new Panel(
        counter,
        title,
        healthy,
        PanelKind.LINES,
        counter.unit().equals("bytes") ? "Bps" : "cps",
        List.of(query(MeterQuery.rate(counter, "", MeterQuery.labels(counter)), counter, title)));
  }

  /** The events of a counter that grows rarely, as their number in each step. */
  static Panel events(DocumentedMeter counter, String title, String healthy) {
    require(counter, MeterType.COUNTER);
    return new Panel(
        counter,
        title,
        healthy,
        PanelKind.BARS,
        unit(counter),
        List.of(query(MeterQuery.increase(counter), counter, title)));
  }

  /** The median and the 99th percentile of a histogram. */
  static Panel quantiles(
      DocumentedMeter histogram, List<String> labels, String title, String healthy) {
    require(histogram, MeterType.HISTOGRAM);
    return new Panel(
        histogram,
        title,
        healthy,
        PanelKind.LINES,
        unit(histogram),
        List.of(
            new PanelQuery(
                MeterQuery.quantile(histogram, "0.5", labels),
                MeterQuery.legend(labels, title) + " p50"),
            new PanelQuery(
                MeterQuery.quantile(histogram, "0.99", labels),
                MeterQuery.legend(labels, title) + " p99")));
  }

  /** The events of a histogram per second. */
  static Panel count(DocumentedMeter histogram, List<String> labels, String title, String healthy) {
    return part(histogram, "_count", labels, "cps", title, healthy);
  }

  /** The sum of a histogram of bytes, per second. */
  static Panel bytes(DocumentedMeter histogram, List<String> labels, String title, String healthy) {
    return part(histogram, "_sum", labels, "Bps", title, healthy);
  }

  /** The meaning of the meter, and what is healthy. */
  String description() {
    return meter.description() + " Healthy: " + healthy;
  }

  private static Panel part(
      DocumentedMeter histogram,
      String suffix,
      List<String> labels,
      String unit,
      String title,
      String healthy) {
    require(histogram, MeterType.HISTOGRAM);
    return new Panel(
        histogram,
        title,
        healthy,
        PanelKind.LINES,
        unit,
        List.of(
            new PanelQuery(
                MeterQuery.rate(histogram, suffix, labels), MeterQuery.legend(labels, title))));
  }

  private static PanelQuery query(String expression, DocumentedMeter meter, String title) {
    return new PanelQuery(expression, MeterQuery.legend(MeterQuery.labels(meter), title));
  }

  private static String unit(DocumentedMeter meter) {
    return switch (meter.unit()) {
      case "seconds" -> "s";
      case "bytes" -> "bytes";
      default -> "short";
    };
  }

  private static void require(DocumentedMeter meter, MeterType expected) {
    if (meter.meterType() != expected) {
      throw new IllegalArgumentException(
          "meter: "
              + meter.meterName()
              + " is a "
              + meter.meterType()
              + " (expected: "
              + expected
              + ")");
    }
  }
}
