package dev.holdfast.cli.dashboards;

import java.util.List;

/**
 * A row of a dashboard: panels below a heading.
 *
 * @param title the heading
 * @param panels in the order in which they are shown
 */
public record PanelRow(String title, List<Panel> panels) {
  public PanelRow {
    panels = List.copyOf(panels);
  }

  static PanelRow of(String title, Panel... panels) {
    return new PanelRow(title, List.of(panels));
  }
}
