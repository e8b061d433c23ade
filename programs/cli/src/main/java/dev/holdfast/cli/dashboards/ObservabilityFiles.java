package dev.holdfast.cli.dashboards;

import java.util.Map;
import java.util.TreeMap;

/** The files with dashboards and alert rules. */
public final class ObservabilityFiles {
  /** The folder of the committed files, from the root of the repository. */
  public static final String FOLDER = "deploy/observability";

  private ObservabilityFiles() {}

  /** The text of each file by its path in the folder. */
  public static Map<String, String> all() {
    Map<String, String> files = new TreeMap<>();
    files.put("alerts.yaml", AlertRules.text());
    for (Dashboard dashboard : Dashboard.values()) {
      files.put("dashboards/" + dashboard.key() + ".json", GrafanaDashboard.json(dashboard));
    }
    return files;
  }
}
