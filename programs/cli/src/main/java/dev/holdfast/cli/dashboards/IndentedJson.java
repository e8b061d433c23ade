package dev.holdfast.cli.dashboards;

import dev.holdfast.core.JsonTextWriter;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** A writer of JSON with a line for each field, so that a changed file shows what changed. */
final class IndentedJson {
  private final StringBuilder text = new StringBuilder();

  private IndentedJson() {}

  /** The text of maps, lists, texts, numbers and booleans, with a newline at its end. */
  static String text(Map<String, ?> value) {
    IndentedJson json = new IndentedJson();
    json.append(value, "\n");
    return json.text.append('\n').toString();
  }

  private void append(Object value, String newline) {
    if (value instanceof Map<?, ?> map) {
      Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator();
      text.append('{');
      while (entries.hasNext()) {
        Map.Entry<?, ?> entry = entries.next();
        text.append(newline).append("  ");
        text.append(JsonTextWriter.quoted(String.valueOf(entry.getKey()))).append(": ");
        append(entry.getValue(), newline + "  ");
        text.append(entries.hasNext() ? "," : newline);
      }
      text.append('}');
    } else if (value instanceof List<?> list) {
      Iterator<?> elements = list.iterator();
      text.append('[');
      while (elements.hasNext()) {
        text.append(newline).append("  ");
        append(elements.next(), newline + "  ");
        text.append(elements.hasNext() ? "," : newline);
      }
      text.append(']');
    } else {
      text.append(new JsonTextWriter().value(value));
    }
  }
}
