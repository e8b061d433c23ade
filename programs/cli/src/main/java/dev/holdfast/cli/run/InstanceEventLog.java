package dev.holdfast.cli.run;

import dev.holdfast.cli.output.JsonLine;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.Map;

/**
 * The log of an instance's events on standard error, one line per event. Standard output belongs to
 * the child. Thread-safe.
 */
public final class InstanceEventLog {
  private final PrintWriter err;
  private final boolean json;
  private final Clock clock;

  public InstanceEventLog(PrintWriter err, boolean json, Clock clock) {
    this.err = err;
    this.json = json;
    this.clock = clock;
  }

  /**
   * Prints an event without further fields.
   *
   * @param event a stable word for programs
   * @param text a sentence for people
   */
  public synchronized void say(String event, String text) {
    say(event, text, Map.of());
  }

  /** Prints an event with further fields, which only JSON output shows. */
  public synchronized void say(String event, String text, Map<String, Object> fields) {
    if (json) {
      JsonLine line =
          JsonLine.object()
              .with("time", clock.instant().toString())
              .with("event", event)
              .with("text", text);
      fields.forEach(line::with);
      err.println(line);
    } else {
      err.println("holdfast: " + text);
    }
  }
}
