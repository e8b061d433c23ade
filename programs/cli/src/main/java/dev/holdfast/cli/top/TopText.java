package dev.holdfast.cli.top;

import dev.holdfast.cli.fleet.FleetInstance;
import dev.holdfast.cli.fleet.FleetRow;
import dev.holdfast.cli.fleet.FleetSnapshot;
import dev.holdfast.cli.fleet.FleetView;
import dev.holdfast.cli.output.AgeText;
import dev.holdfast.cli.output.AlignedTable;
import dev.holdfast.cli.output.EndpointText;
import dev.holdfast.cli.output.JsonLine;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The text and JSON formats of a fleet. */
final class TopText {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT).withZone(ZoneId.systemDefault());
  private static final int CELL_CHARACTERS = 40;
  private static final int ID_CHARACTERS = 12;
  private static final int SILENT_SHOWN = 3;
  private static final long KIB = 1024;

  private TopText() {}

  /** A line of totals, a line for each silent or refusing instance, then the table. */
  static List<String> lines(FleetSnapshot snapshot) {
    List<String> lines = new ArrayList<>();
    lines.add(totals(snapshot));
    if (!snapshot.services().trouble().isEmpty()) {
      lines.add("registry: " + EndpointText.printable(snapshot.services().trouble()));
    }
    if (snapshot.services().skipped() > 0) {
      lines.add(
          "not shown: " + snapshot.services().skipped() + " services, more than there is room");
    }
    List<FleetInstance.InstanceStatus> silent = snapshot.silent();
    silent.stream().limit(SILENT_SHOWN).forEach(instance -> lines.add(silent(instance)));
    if (silent.size() > SILENT_SHOWN) {
      lines.add("silent: " + (silent.size() - SILENT_SHOWN) + " more");
    }
    List<FleetInstance.InstanceStatus> refusing = snapshot.refusing();
    refusing.stream()
        .limit(SILENT_SHOWN)
        .forEach(
            instance ->
                lines.add(
                    "refused: "
                        + instance.address()
                        + ": "
                        + EndpointText.printable(instance.cause())));
    if (refusing.size() > SILENT_SHOWN) {
      lines.add("refused: " + (refusing.size() - SILENT_SHOWN) + " more");
    }
    table(snapshot).toString().lines().forEach(lines::add);
    if (snapshot.matched() > snapshot.rows().size()) {
      lines.add("more than these " + snapshot.rows().size() + ": raise --limit, or use --filter");
    }
    return lines;
  }

  private static String totals(FleetSnapshot snapshot) {
    int answering = snapshot.instances().size() - snapshot.silent().size();
    String rows =
        snapshot.matched() == snapshot.total()
            ? Long.toString(snapshot.total())
            : snapshot.matched() + " of " + snapshot.total();
    return TIME.format(snapshot.time())
        + "  "
        + snapshot.query().view().label()
        + "="
        + rows
        + "  instances="
        + answering
        + " of "
        + snapshot.instances().size()
        + "  sort="
        + snapshot.query().sort()
        + (snapshot.query().ascending() ? " ascending" : "");
  }

  private static String silent(FleetInstance.InstanceStatus instance) {
    long millis = instance.silentFor().map(Duration::toMillis).orElse(0L);
    return "silent: "
        + instance.address()
        + " for "
        + AgeText.of(millis)
        + ": "
        + EndpointText.printable(instance.cause());
  }

  private static AlignedTable table(FleetSnapshot snapshot) {
    List<FleetView.ViewColumn> columns = snapshot.query().view().columns();
    AlignedTable table =
        new AlignedTable(
            columns.stream()
                .map(
                    column ->
                        column.field().equals(snapshot.query().sort())
                            ? column.head() + (snapshot.query().ascending() ? "^" : "v")
                            : column.head())
                .toArray(String[]::new));
    for (FleetRow row : snapshot.rows()) {
      table.add(
          columns.stream()
              .map(column -> cell(column.field(), row.values().get(column.field())))
              .toArray(String[]::new));
    }
    return table;
  }

  /** Texts of others are shown, never obeyed by a terminal. */
  private static String cell(String field, @Nullable Object value) {
    if (value == null || value.equals("")) {
      return "-";
    }
    if (value instanceof Double rate) {
      return String.format(Locale.ROOT, "%.1f", rate);
    }
    if (value instanceof Number number) {
      return number(field, number.longValue());
    }
    String text = EndpointText.printable(value.toString());
    int most = field.equals("id") ? ID_CHARACTERS : CELL_CHARACTERS;
    return text.length() <= most ? text : text.substring(0, most - 1) + "~";
  }

  private static String number(String field, long value) {
    return switch (field) {
      case "closed_ms", "ended_ms", "opened_ms" -> TIME.format(Instant.ofEpochMilli(value));
      case "age_ms", "unchanged_ms", "unacked_ms" -> value == 0 ? "0s" : AgeText.of(value);
      case "queued_bytes" ->
          value < 10 * KIB
              ? Long.toString(value)
              : String.format(Locale.ROOT, "%.1fK", (double) value / KIB);
      default -> Long.toString(value);
    };
  }

  /** The JSON object with the instances and the rows of each view. */
  static JsonLine json(List<FleetSnapshot> views) {
    FleetSnapshot first = views.get(0);
    JsonLine json =
        JsonLine.object()
            .with("time", first.time().toString())
            .with("registry_trouble", first.services().trouble())
            .with(
                "instances",
                views.get(views.size() - 1).instances().stream().map(TopText::json).toList());
    for (FleetSnapshot view : views) {
      json.with(
          view.query().view().label(),
          JsonLine.object()
              .with("total", view.total())
              .with("matched", view.matched())
              .with("sort", view.query().sort())
              .with("rows", view.rows().stream().map(FleetRow::values).toList()));
    }
    return json;
  }

  private static JsonLine json(FleetInstance.InstanceStatus instance) {
    JsonLine json =
        JsonLine.object()
            .with("admin", instance.address())
            .with("answers", instance.silentFor().isEmpty());
    instance.silentFor().ifPresent(silent -> json.with("silent_ms", silent.toMillis()));
    if (!instance.cause().isEmpty()) {
      json.with("cause", instance.cause());
    }
    instance
        .report()
        .ifPresent(
            report ->
                json.with("process", report.getId())
                    .with("pid", report.getPid())
                    .with("started_ms", report.getStartedMs())
                    .with("version", report.getVersion())
                    .with("java", report.getJava())
                    .with("open_connections", report.getOpenConnections())
                    .with("closed_connections", report.getClosedConnections())
                    .with("unlisted_connections", report.getUnlistedConnections())
                    .with("open_streams", report.getOpenStreams())
                    .with("ended_streams", report.getEndedStreams()));
    return json;
  }
}
