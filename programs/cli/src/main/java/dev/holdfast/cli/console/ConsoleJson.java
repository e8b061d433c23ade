package dev.holdfast.cli.console;

import dev.holdfast.cli.fleet.FleetInstance;
import dev.holdfast.cli.fleet.FleetRow;
import dev.holdfast.cli.fleet.FleetSnapshot;
import dev.holdfast.cli.fleet.FleetView;
import dev.holdfast.core.JsonTextWriter;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The JSON texts that the page reads. */
final class ConsoleJson {
  private static final int SILENT_SHOWN = 20;

  private ConsoleJson() {}

  /** The views with their columns and sort keys, and what the console is. */
  static String info(String registry, String version, boolean mayAct, boolean maySplit) {
    JsonTextWriter json =
        new JsonTextWriter()
            .object()
            .with("registry", registry)
            .with("version", version)
            .with("may_act", mayAct)
            .with("may_split", mayAct && maySplit)
            .array("views");
    for (ConsoleView view : ConsoleView.values()) {
      json.object().with("view", view.label());
      view.fleet().ifPresent(rows -> columns(json, rows));
      json.endObject();
    }
    return json.endArray().endObject().toString();
  }

  private static void columns(JsonTextWriter json, FleetView rows) {
    json.with("sort", rows.naturalSort()).with("ascending", rows.isNaturallyAscending());
    json.array("columns");
    for (FleetView.ViewColumn column : rows.columns()) {
      json.object()
          .with("head", column.head())
          .with("field", column.field())
          .with("sorts", rows.sortKeys().contains(column.field()))
          .endObject();
    }
    json.endArray();
  }

  /** A page of rows, and the processes that do not answer, or refused. */
  static String rows(FleetSnapshot snapshot) {
    List<FleetInstance.InstanceStatus> silent = snapshot.silent();
    List<FleetInstance.InstanceStatus> refusing = snapshot.refusing();
    JsonTextWriter json =
        new JsonTextWriter()
            .object()
            .with("view", snapshot.query().view().label())
            .with("time_ms", snapshot.time().toEpochMilli())
            .with("trouble", snapshot.services().trouble())
            .with("skipped", snapshot.services().skipped())
            .with("instances", snapshot.instances().size())
            .with("answering", snapshot.instances().size() - silent.size())
            .with("refused", refusing.size())
            .with("total", snapshot.total())
            .with("matched", snapshot.matched())
            .with("more", snapshot.more())
            .array("silent");
    silent.stream()
        .limit(SILENT_SHOWN)
        .forEach(
            instance ->
                json.object()
                    .with("address", instance.address())
                    .with("for_ms", instance.silentFor().map(Duration::toMillis).orElse(0L))
                    .with("cause", instance.cause())
                    .endObject());
    json.endArray().array("refusing");
    refusing.stream()
        .limit(SILENT_SHOWN)
        .forEach(
            instance ->
                json.object()
                    .with("address", instance.address())
                    .with("cause", instance.cause())
                    .endObject());
    json.endArray().array("rows");
    snapshot.rows().stream().map(FleetRow::values).forEach(json::value);
    return json.endArray().endObject().toString();
  }

  /** The changes of the last hour. */
  static String timeline(List<TimelineEvent> events, long nowMillis) {
    JsonTextWriter json =
        new JsonTextWriter()
            .object()
            .with("view", ConsoleView.TIMELINE.label())
            .with("time_ms", nowMillis)
            .array("rows");
    events.stream().map(TimelineEvent::values).forEach(json::value);
    return json.endArray().endObject().toString();
  }

  /** Gateways or control planes. */
  static String foreign(ConsoleView view, String array, long nowMillis) {
    return new JsonTextWriter()
        .object()
        .with("view", view.label())
        .with("time_ms", nowMillis)
        .withJson("rows", array)
        .endObject()
        .toString();
  }

  /** Sentences. */
  static String lines(List<String> lines) {
    return new JsonTextWriter().value(Map.of("lines", lines)).toString();
  }

  /** A message of one field. */
  static String message(String name, String text) {
    return new JsonTextWriter().object().with(name, text).endObject().toString();
  }
}
