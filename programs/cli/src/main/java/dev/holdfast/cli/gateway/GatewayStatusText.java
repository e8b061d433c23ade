package dev.holdfast.cli.gateway;

import dev.holdfast.cli.UserError;
import dev.holdfast.cli.output.AlignedTable;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The text format of a gateway's state, which its admin page provides. */
final class GatewayStatusText {
  private static final String NONE = "-";

  private GatewayStatusText() {}

  /** The text of a state; JSON is YAML. */
  static String of(String json) {
    Object parsed = new Yaml(new SafeConstructor(new LoaderOptions())).load(json);
    if (!(parsed instanceof Map<?, ?> state)) {
      throw UserError.failed("status: not a state (expected: the --admin address of a gateway)");
    }
    StringBuilder text = new StringBuilder(whole(state));
    AlignedTable clusters =
        new AlignedTable(
            "CLUSTER", "ENDPOINT", "STATE", "IN LIST", "CONNECTIONS", "OPEN", "TROUBLE");
    for (Map<?, ?> cluster : list(state, "clusters")) {
      List<Map<?, ?>> endpoints = list(cluster, "endpoints");
      for (Map<?, ?> each : endpoints) {
        clusters.add(
            text(cluster, "cluster"),
            text(each, "address"),
            text(each, "health"),
            age(each.get("ageSeconds")),
            text(each, "connections"),
            text(each, "open"),
            text(each, text(each, "health").equals("unhealthy") ? "checkNote" : "trouble"));
      }
      if (endpoints.isEmpty()) {
        clusters.add(
            text(cluster, "cluster"),
            NONE,
            "no endpoint",
            NONE,
            NONE,
            NONE,
            text(cluster, "trouble"));
      }
    }
    AlignedTable routes =
        new AlignedTable("ROUTE", "TO", "CALLS/S", "FAILED", "P50", "P99", "OPEN", "ENDED");
    for (Map<?, ?> each : list(state, "routes")) {
      routes.add(
          text(each, "route"),
          text(each, "target"),
          number(each.get("perSecond")),
          number(each.get("failedPercent")) + "%",
          millis(each.get("p50Millis")),
          millis(each.get("p99Millis")),
          text(each, "open"),
          text(each, "ended"));
    }
    text.append('\n').append(clusters).append('\n').append(routes);
    for (Map<?, ?> cluster : list(state, "clusters")) {
      for (Map<?, ?> each : list(cluster, "rejected")) {
        text.append("\nnot served: ").append(text(cluster, "cluster")).append(": ");
        text.append(text(each, "what"));
      }
    }
    return text.toString();
  }

  private static String whole(Map<?, ?> state) {
    Map<?, ?> config = map(state, "config");
    Map<?, ?> total = map(state, "total");
    String refused = config.containsKey("refused") ? "\nrefused: " + config.get("refused") : "";
    return list(state, "listeners").stream()
            .map(each -> text(each, "address"))
            .collect(Collectors.joining(", "))
        + " "
        + text(state, "state")
        + ", up "
        + age(state.get("uptimeSeconds"))
        + ", config "
        + text(config, "hash")
        + ", "
        + text(state, "clientConnections")
        + " client connections\n"
        + number(total.get("perSecond"))
        + " calls/s, "
        + number(total.get("failedPercent"))
        + "% failed, p50 "
        + millis(total.get("p50Millis"))
        + ", p99 "
        + millis(total.get("p99Millis"))
        + ", "
        + text(total, "open")
        + " open; of the last "
        + age(state.get("windowSeconds"))
        + refused
        + "\n";
  }

  private static String text(Map<?, ?> map, String key) {
    Object value = map.get(key);
    return value == null ? NONE : value.toString();
  }

  private static Map<?, ?> map(Map<?, ?> map, String key) {
    return map.get(key) instanceof Map<?, ?> found ? found : Map.of();
  }

  @SuppressWarnings("unchecked") // as the admin page writes it
  private static List<Map<?, ?>> list(Map<?, ?> map, String key) {
    return map.get(key) instanceof List<?> found ? (List<Map<?, ?>>) found : List.of();
  }

  private static String number(@Nullable Object value) {
    return value instanceof Number number
        ? String.format(Locale.ROOT, "%.1f", number.doubleValue())
        : NONE;
  }

  private static String millis(@Nullable Object value) {
    return value == null ? NONE : number(value) + " ms";
  }

  private static String age(@Nullable Object seconds) {
    if (!(seconds instanceof Number number)) {
      return NONE;
    }
    long whole = number.longValue();
    if (whole < 60) {
      return whole + "s";
    }
    return whole < 3_600 ? whole / 60 + "m" : whole / 3_600 + "h" + whole % 3_600 / 60 + "m";
  }
}
