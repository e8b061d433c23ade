package dev.holdfast.cli.dashboards;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The model of a dashboard that Grafana imports (schema version 39, Grafana 10 and newer). */
final class GrafanaDashboard {
  private static final int SCHEMA_VERSION = 39;
  private static final int PANEL_WIDTH = 12;
  private static final int PANEL_HEIGHT = 8;
  private static final int FULL_WIDTH = 24;

  /** The datasource that a person chooses above the dashboard. */
  private static final Map<String, Object> DATASOURCE =
      ordered("type", "prometheus", "uid", "${datasource}");

  /** A state in the description of its meter, such as {@code 3 CONFIRMING}. */
  private static final Pattern STATE = Pattern.compile("(\\d+) ([A-Za-z_]+)");

  private final List<Object> panels = new ArrayList<>();
  private int nextId = 1;
  private int y;

  private GrafanaDashboard() {}

  /** The text of the file that is imported. */
  static String json(Dashboard dashboard) {
    GrafanaDashboard model = new GrafanaDashboard();
    dashboard.rows().forEach(model::row);
    return IndentedJson.text(
        ordered(
            "uid",
            "holdfast-" + dashboard.key(),
            "title",
            dashboard.title(),
            "description",
            dashboard.question(),
            "tags",
            List.of("holdfast"),
            "schemaVersion",
            SCHEMA_VERSION,
            "editable",
            true,
            "refresh",
            "10s",
            "time",
            ordered("from", "now-1h", "to", "now"),
            "templating",
            ordered("list", variables(dashboard)),
            "panels",
            model.panels));
  }

  private static List<Object> variables(Dashboard dashboard) {
    // Every process that the dashboard is about has the meter of the first panel.
    String meter = dashboard.panels().get(0).meter().prometheusName();
    return List.of(
        ordered(
            "name",
            "datasource",
            "label",
            "Prometheus",
            "type",
            "datasource",
            "query",
            "prometheus"),
        labelValues("job", "label_values(" + meter + ", job)"),
        labelValues("instance", "label_values(" + meter + "{job=~\"$job\"}, instance)"));
  }

  private static Map<String, Object> labelValues(String name, String query) {
    return ordered(
        "name",
        name,
        "label",
        name,
        "type",
        "query",
        "datasource",
        DATASOURCE,
        "query",
        query,
        "refresh",
        2,
        "sort",
        1,
        "multi",
        true,
        "includeAll",
        true,
        "allValue",
        ".*",
        "current",
        ordered("text", "All", "value", "$__all"));
  }

  private void row(PanelRow row) {
    panels.add(
        ordered(
            "id",
            nextId++,
            "type",
            "row",
            "title",
            row.title(),
            "collapsed",
            false,
            "gridPos",
            position(0, FULL_WIDTH, 1),
            "panels",
            List.of()));
    y++;
    for (int i = 0; i < row.panels().size(); i++) {
      boolean left = i % 2 == 0;
      boolean last = i == row.panels().size() - 1;
      int width = left && last ? FULL_WIDTH : PANEL_WIDTH;
      panels.add(panel(row.panels().get(i), position(left ? 0 : PANEL_WIDTH, width, PANEL_HEIGHT)));
      if (!left || last) {
        y += PANEL_HEIGHT;
      }
    }
  }

  private Map<String, Object> panel(Panel panel, Map<String, Object> position) {
    return ordered(
        "id",
        nextId++,
        "type",
        panel.kind().type(),
        "title",
        panel.title(),
        "description",
        panel.description(),
        "gridPos",
        position,
        "datasource",
        DATASOURCE,
        "fieldConfig",
        ordered("defaults", defaults(panel), "overrides", List.of()),
        "options",
        options(panel),
        "targets",
        targets(panel));
  }

  private static Map<String, Object> defaults(Panel panel) {
    return switch (panel.kind()) {
      case LINES -> ordered("unit", panel.unit(), "custom", ordered("drawStyle", "line"));
      case BARS ->
          ordered(
              "unit",
              panel.unit(),
              "min",
              0,
              "decimals",
              0,
              "custom",
              ordered("drawStyle", "bars", "fillOpacity", 60));
      case STATES -> ordered("unit", panel.unit(), "mappings", List.of(states(panel)));
    };
  }

  private static Map<String, Object> states(Panel panel) {
    Map<String, Object> names = new LinkedHashMap<>();
    Matcher states = STATE.matcher(panel.meter().description());
    while (states.find()) {
      names.put(states.group(1), ordered("text", states.group(2)));
    }
    return ordered("type", "value", "options", names);
  }

  private static Map<String, Object> options(Panel panel) {
    Map<String, Object> legend = ordered("displayMode", "list", "placement", "bottom");
    return panel.kind() == Panel.PanelKind.STATES
        ? ordered("mergeValues", true, "showValue", "auto", "legend", legend)
        : ordered("legend", legend, "tooltip", ordered("mode", "multi", "sort", "desc"));
  }

  private static List<Object> targets(Panel panel) {
    List<Object> targets = new ArrayList<>();
    for (Panel.PanelQuery query : panel.queries()) {
      targets.add(
          ordered(
              "refId",
              String.valueOf((char) ('A' + targets.size())),
              "datasource",
              DATASOURCE,
              "expr",
              query.expression(),
              "legendFormat",
              query.legend()));
    }
    return targets;
  }

  private Map<String, Object> position(int x, int width, int height) {
    return ordered("h", height, "w", width, "x", x, "y", y);
  }

  /** A map that keeps the order of its keys, which stand before their values. */
  private static Map<String, Object> ordered(Object... keysAndValues) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      map.put(keysAndValues[i].toString(), keysAndValues[i + 1]);
    }
    return map;
  }
}
