package dev.holdfast.cli.lab;

import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.lab.FlowEvent;
import dev.holdfast.lab.Middlebox;
import dev.holdfast.lab.MiddleboxCounts;
import java.io.PrintWriter;
import java.util.Locale;

/**
 * The display of the events on a path: a line per event and a line of counts. On a terminal the
 * counts are renewed in place; elsewhere they are printed when they have changed, every ten seconds
 * at most.
 */
final class FlowDisplay {
  private static final int TICKS_PER_PLAIN_LINE = 20;
  private static final String RENEW = "\r\u001b[K";

  private final PrintWriter out;
  private final boolean json;
  private final boolean terminal;
  private String lastCounts = "";
  private int ticks;

  FlowDisplay(PrintWriter out, boolean json, boolean terminal) {
    this.out = out;
    this.json = json;
    this.terminal = terminal;
  }

  synchronized void started(Middlebox middlebox, String target, String title) {
    if (json) {
      print(
          JsonLine.object()
              .with("event", "listening")
              .with("address", address(middlebox))
              .with("target", target)
              .with("faithful", middlebox.isFaithful())
              .toString());
      return;
    }
    print("listening on " + address(middlebox) + " -> " + target + " (" + title + ")");
    if (!middlebox.isFaithful()) {
      print("note: without epoll a dropped connection is still acknowledged by this kernel");
    }
  }

  synchronized void event(FlowEvent event) {
    if (json) {
      print(event.toJson());
      return;
    }
    String line =
        String.format(
            Locale.ROOT,
            "%9.3f  flow %-5d %s %s",
            event.at().toNanos() / 1e9,
            event.flow(),
            event.kind().text(),
            event.detail());
    print((terminal ? RENEW : "") + line.stripTrailing());
    if (terminal) {
      out.print(lastCounts);
      out.flush();
    }
  }

  synchronized void tick(MiddleboxCounts counts) {
    String line = line(counts);
    if (json || line.equals(lastCounts)) {
      return;
    }
    if (terminal) {
      out.print(RENEW + line);
      out.flush();
      lastCounts = line;
      return;
    }
    ticks++;
    if (ticks % TICKS_PER_PLAIN_LINE == 0) {
      print(line);
      lastCounts = line;
    }
  }

  synchronized void stopped(MiddleboxCounts counts) {
    if (json) {
      print(
          JsonLine.object()
              .with("event", "stopped")
              .with("opened", counts.opened())
              .with("silenced", counts.silenced())
              .with("resets", counts.resets())
              .with("closed", counts.closed())
              .with("streams_ended", counts.streamsEnded())
              .with("bytes_to_server", counts.bytesToServer())
              .with("bytes_to_client", counts.bytesToClient())
              .toString());
      return;
    }
    print((terminal ? RENEW : "") + line(counts));
  }

  private static String address(Middlebox middlebox) {
    return middlebox.address().getAddress().getHostAddress() + ":" + middlebox.port();
  }

  private static String line(MiddleboxCounts counts) {
    return String.format(
        Locale.ROOT,
        "open %d  silenced %d  opened %d  rst %d  closed %d  streams ended %d  bytes %d/%d",
        counts.open(),
        counts.silenced(),
        counts.opened(),
        counts.resets(),
        counts.closed(),
        counts.streamsEnded(),
        counts.bytesToServer(),
        counts.bytesToClient());
  }

  private void print(String line) {
    out.println(line);
    out.flush();
  }
}
