package dev.holdfast.duplex.conformance;

import dev.holdfast.duplex.conformance.scenario.Scenario;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The tables of scenarios and languages, in Markdown: of clients, of servers, and of pairs. */
public final class ScenarioTable {
  private ScenarioTable() {}

  /** The lines: a row for each scenario, a column for each implementation or pair. */
  public static List<String> of(List<ConformanceRun.Outcome> outcomes) {
    List<String> lines = new ArrayList<>();
    for (Scenario.Role role : Scenario.Role.values()) {
      if (!lines.isEmpty()) {
        lines.add("");
      }
      lines.addAll(of(role, outcomes));
    }
    return lines;
  }

  private static List<String> of(Scenario.Role role, List<ConformanceRun.Outcome> outcomes) {
    Set<String> columns = new LinkedHashSet<>();
    Map<String, Map<String, String>> rows = new LinkedHashMap<>();
    for (ConformanceRun.Outcome each : outcomes) {
      Scenario scenario = each.result().scenario();
      if (scenario.role() == role) {
        columns.add(each.tested());
        rows.computeIfAbsent(scenario.name(), unused -> new LinkedHashMap<>())
            .put(each.tested(), word(each.result().outcome()));
      }
    }
    List<String> lines = new ArrayList<>();
    String what = role.name().toLowerCase(Locale.ROOT);
    lines.add("| " + what + " | shows | " + String.join(" | ", columns) + " |");
    lines.add("|---|---|" + "---|".repeat(columns.size()));
    for (Scenario each : Scenario.all()) {
      if (each.role() == role) {
        StringBuilder line = new StringBuilder();
        line.append("| ").append(each.name()).append(" | ").append(String.join(", ", each.rules()));
        Map<String, String> row = rows.getOrDefault(each.name(), Map.of());
        columns.forEach(column -> line.append(" | ").append(row.getOrDefault(column, "")));
        lines.add(line.append(" |").toString());
      }
    }
    return lines;
  }

  private static String word(ScenarioRunner.Outcome outcome) {
    return switch (outcome) {
      case PASSED -> "yes";
      case FAILED -> "**no**";
      case SKIPPED -> "skipped";
    };
  }
}
