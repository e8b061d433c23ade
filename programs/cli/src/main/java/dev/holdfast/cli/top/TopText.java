package dev.holdfast.cli.top;

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

  /** A line of totals, a line for each silent instance, then the table. */
  static List<String> lines(TopSnapshot snapshot) {
    List<String> lines = new ArrayList<>();
    lines.add(totals(snapshot));
    if (!snapshot.fleet().trouble().isEmpty()) {
      lines.add("registry: " + EndpointText.printable(snapshot.fleet().trouble()));
    }
    if (snapshot.fleet().skipped() > 0) {
      lines.add("not shown: " + snapshot.fleet().skipped() + " services, more than there is room");
    }
    List<TopInstance.InstanceStatus> silent = snapshot.silent();
    silent.stream().limit(SILENT_SHOWN).forEach(instance -> lines.add(silent(instance)));
    if (silent.size() > SILENT_SHOWN) {
      lines.add("silent: " + (silent.size() - SILENT_SHOWN) + " more");
    }
    table(snapshot).toString().lines().forEach(lines::add);
    if (snapshot.matched() > snapshot.rows().size()) {
      lines.add("more than these " + snapshot.rows().size() + ": raise --limit, or use --filter");
    }
    return lines;
  }

  private static String totals(TopSnapshot snapshot) {
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

  private static String silent(TopInstance.InstanceStatus instance) {
    long millis = instance.silentFor().map(Duration::toMillis).orElse(0L);
    return "silent: "
        + instance.address()
        + " for "
        + age(millis)
        + ": "
        + EndpointText.printable(instance.cause());
  }

  private static AlignedTable table(TopSnapshot snapshot) {
    List<TopView.TopColumn> columns = snapshot.query().view().columns();
    AlignedTable table =
        new AlignedTable(
            columns.stream()
                .map(
                    column ->
                        column.field().equals(snapshot.query().sort())
                            ? column.head() + (snapshot.query().ascending() ? "^" : "v")
                            : column.head())
                .toArray(String[]::new));
    for (TopRow row : snapshot.rows()) {
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
      case "age_ms", "unchanged_ms", "unacked_ms" -> value == 0 ? "0s" : age(value);
      case "queued_bytes" ->
          value < 10 * KIB
              ? Long.toString(value)
              : String.format(Locale.ROOT, "%.1fK", (double) value / KIB);
      default -> Long.toString(value);
    };
  }

  /** {@code 0.4s}, {@code 12s}, {@code 3m04s}, {@code 5h17m}, {@code 9d04h}. */
  static String age(long millis) {
    Duration age = Duration.ofMillis(millis);
    if (millis < 1_000) {
      return String.format(Locale.ROOT, "%.1fs", millis / 1_000.0);
    }
    if (age.toMinutes() < 1) {
      return age.toSeconds() + "s";
    }
    if (age.toHours() < 1) {
      return String.format(Locale.ROOT, "%dm%02ds", age.toMinutes(), age.toSecondsPart());
    }
    return age.toDays() < 1
        ? String.format(Locale.ROOT, "%dh%02dm", age.toHours(), age.toMinutesPart())
        : String.format(Locale.ROOT, "%dd%02dh", age.toDays(), age.toHoursPart());
  }

  /** The JSON object with the instances and the rows of each view. */
  static JsonLine json(List<TopSnapshot> views) {
    TopSnapshot first = views.get(0);
    JsonLine json =
        JsonLine.object()
            .with("time", first.time().toString())
            .with("registry_trouble", first.fleet().trouble())
            .with(
                "instances",
                views.get(views.size() - 1).instances().stream().map(TopText::json).toList());
    for (TopSnapshot view : views) {
      json.with(
          view.query().view().label(),
          JsonLine.object()
              .with("total", view.total())
              .with("matched", view.matched())
              .with("sort", view.query().sort())
              .with("rows", view.rows().stream().map(TopRow::values).toList()));
    }
    return json;
  }

  private static JsonLine json(TopInstance.InstanceStatus instance) {
    JsonLine json =
        JsonLine.object()
            .with("admin", instance.address())
            .with("answers", instance.silentFor().isEmpty());
    instance
        .silentFor()
        .ifPresent(
            silent -> json.with("silent_ms", silent.toMillis()).with("cause", instance.cause()));
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
