package dev.holdfast.cli.streams;

import dev.holdfast.admin.v1.Session;
import dev.holdfast.cli.output.EndpointText;
import dev.holdfast.cli.output.Terminal;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * The display of successive session lists: in place on a terminal, elsewhere one line per change.
 * Not thread-safe.
 */
final class SessionWatch {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT).withZone(ZoneId.systemDefault());
  private static final String ESCAPE = "\u001b[";

  private final PrintWriter out;
  private final Supplier<Terminal.Size> size;
  private Map<String, Session> known = Map.of();
  private String lastTotals = "";
  private int linesShown;

  SessionWatch(PrintWriter out, Supplier<Terminal.Size> size) {
    this.out = out;
    this.size = size;
  }

  /** Over what it wrote before, and never wider or higher than the terminal. */
  void redraw(Instant now, SessionList list) {
    Terminal.Size room = size.get();
    List<String> lines = new ArrayList<>(SessionText.lines(list));
    lines.set(0, TIME.format(now) + "  " + lines.get(0));
    if (linesShown > 0) {
      out.print(ESCAPE + linesShown + "A\r");
    }
    out.print(ESCAPE + "J");
    linesShown = Math.min(lines.size(), Math.max(1, room.rows() - 1));
    for (String line : lines.subList(0, linesShown)) {
      out.println(line.substring(0, Math.min(line.length(), Math.max(1, room.columns() - 1))));
    }
    out.flush();
  }

  /** A line of totals when they have changed, and one for each session that did. */
  void changes(Instant now, SessionList list) {
    String time = TIME.format(now);
    String totals = SessionText.totals(list);
    if (!totals.equals(lastTotals)) {
      out.println(time + "  " + totals);
      lastTotals = totals;
    }
    Map<String, Session> current = new LinkedHashMap<>();
    list.sessions().forEach(session -> current.put(session.getId(), session));
    for (Session session : current.values()) {
      Session before = known.get(session.getId());
      if (before == null || !step(before).equals(step(session))) {
        String from = before == null ? "" : state(before) + " -> ";
        out.println(time + "  " + describe(session, from + state(session)));
      }
    }
    for (Session before : known.values()) {
      // What is out of sight is not gone.
      if (!current.containsKey(before.getId()) && !list.more()) {
        out.println(time + "  " + describe(before, "gone"));
      }
    }
    known = current;
    out.flush();
  }

  private static List<Object> step(Session session) {
    return List.of(session.getState(), session.getAttempts());
  }

  private static String state(Session session) {
    return EndpointText.printable(session.getState());
  }

  private static String describe(Session session, String what) {
    return String.format(
        Locale.ROOT,
        "%s  %s  tries=%d  cause=%s  peer=%s  principal=%s",
        SessionText.shortId(session),
        what,
        session.getAttempts(),
        orDash(session.getLastCause()),
        orDash(session.getPeer()),
        orDash(session.getPrincipal()));
  }

  private static String orDash(String text) {
    return Objects.equals(text, "") ? "-" : EndpointText.printable(text);
  }
}
