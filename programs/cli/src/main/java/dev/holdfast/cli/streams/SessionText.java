package dev.holdfast.cli.streams;

import dev.holdfast.admin.v1.Session;
import dev.holdfast.cli.output.AlignedTable;
import dev.holdfast.cli.output.EndpointText;
import dev.holdfast.cli.output.JsonLine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The text and JSON formats of sessions. */
final class SessionText {
  private static final int ID_SHOWN = 12;
  private static final long KIB = 1024;

  private SessionText() {}

  /** Totals first, then a line for each session. */
  static List<String> lines(SessionList list) {
    List<String> lines = new ArrayList<>();
    lines.add(totals(list));
    if (list.sessions().isEmpty()) {
      return lines;
    }
    AlignedTable alignedTable =
        new AlignedTable(
            "ID",
            "PEER",
            "PRINCIPAL",
            "METHOD",
            "STATE",
            "TRIES",
            "LAST CAUSE",
            "QUEUED",
            "SENT",
            "ACKED",
            "PROCESSED",
            "AGE",
            "SINCE");
    for (Session session : list.sessions()) {
      alignedTable.add(
          shortId(session),
          orDash(session.getPeer()),
          orDash(session.getPrincipal()),
          orDash(session.getMethod()),
          orDash(session.getState()),
          Long.toString(session.getAttempts()),
          orDash(session.getLastCause()),
          bytes(session.getQueuedBytes()),
          Long.toString(session.getSent()),
          Long.toString(session.getAcked()),
          Long.toString(session.getProcessed()),
          age(session.getAgeMs()),
          age(session.getUnchangedMs()));
    }
    alignedTable.toString().lines().forEach(lines::add);
    if (list.more()) {
      lines.add("more than these " + list.sessions().size() + ": raise --limit, or narrow it down");
    }
    return lines;
  }

  /** The totals as text, such as {@code sessions=3 ATTACHED=2 DETACHED=1}. */
  static String totals(SessionList list) {
    String states =
        list.totals().entrySet().stream()
            .map(state -> " " + EndpointText.printable(state.getKey()) + "=" + state.getValue())
            .collect(Collectors.joining());
    return "sessions=" + list.total() + states;
  }

  static JsonLine json(SessionList list) {
    return JsonLine.object()
        .with("total", list.total())
        .with("by_state", list.totals())
        .with("more", list.more())
        .with("sessions", list.sessions().stream().map(SessionText::json).toList());
  }

  private static JsonLine json(Session session) {
    return JsonLine.object()
        .with("id", session.getId())
        .with("peer", session.getPeer())
        .with("principal", session.getPrincipal())
        .with("method", session.getMethod())
        .with("state", session.getState())
        .with("attempts", session.getAttempts())
        .with("last_cause", session.getLastCause())
        .with("queued_bytes", session.getQueuedBytes())
        .with("sent", session.getSent())
        .with("acked", session.getAcked())
        .with("processed", session.getProcessed())
        .with("duplicates", session.getDuplicates())
        .with("age_ms", session.getAgeMs())
        .with("unchanged_ms", session.getUnchangedMs());
  }

  /** Enough to tell sessions apart; the whole id stands in the JSON. */
  static String shortId(Session session) {
    String id = EndpointText.printable(session.getId());
    return id.length() <= ID_SHOWN ? id : id.substring(0, ID_SHOWN);
  }

  /** Texts of the server are shown, never obeyed by a terminal. */
  private static String orDash(String text) {
    return text.isEmpty() ? "-" : EndpointText.printable(text);
  }

  private static String bytes(long value) {
    return value < 10 * KIB
        ? Long.toString(value)
        : String.format(Locale.ROOT, "%.1fK", (double) value / KIB);
  }

  /** {@code 12s}, {@code 3m04s}, {@code 5h17m}. */
  static String age(long millis) {
    Duration age = Duration.ofMillis(millis);
    if (age.toMinutes() < 1) {
      return age.toSeconds() + "s";
    }
    return age.toHours() < 1
        ? String.format(Locale.ROOT, "%dm%02ds", age.toMinutes(), age.toSecondsPart())
        : String.format(Locale.ROOT, "%dh%02dm", age.toHours(), age.toMinutesPart());
  }
}
