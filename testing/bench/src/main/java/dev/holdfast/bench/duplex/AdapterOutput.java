package dev.holdfast.bench.duplex;

import dev.holdfast.core.JsonTextWriter;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** The events of an adapter: one JSON object a line on its standard output. Thread-safe. */
final class AdapterOutput {
  // Its lines are written under its own lock, by this output and those after it.
  private final PrintStream out;
  private boolean ended;

  private AdapterOutput(PrintStream out) {
    this.out = out;
  }

  static AdapterOutput to(PrintStream out) {
    return new AdapterOutput(new PrintStream(out, true, StandardCharsets.UTF_8));
  }

  /** Drops what streams say from now on, and returns the output of the streams that follow. */
  AdapterOutput reset() {
    synchronized (out) {
      ended = true;
    }
    return new AdapterOutput(out);
  }

  /**
   * Writes an event.
   *
   * @param fields names and values by turns
   */
  void event(String event, Object... fields) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("event", event);
    for (int i = 0; i < fields.length; i += 2) {
      line.put((String) fields[i], fields[i + 1]);
    }
    String text = new JsonTextWriter().value(line).toString();
    synchronized (out) {
      if (!ended) {
        out.println(text);
      }
    }
  }
}
