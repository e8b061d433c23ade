package dev.holdfast.cli.output;

import dev.holdfast.core.JsonTextWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A JSON object on one line, its fields in the order in which they were given. */
public final class JsonLine {
  private final Map<String, Object> fields = new LinkedHashMap<>();

  private JsonLine() {}

  /** A new object without fields. */
  public static JsonLine object() {
    return new JsonLine();
  }

  /** Adds a field: a text, number, boolean, map, list, or another object. */
  public JsonLine with(String name, Object value) {
    fields.put(name, value);
    return this;
  }

  /** Adds a field with an integer. */
  public JsonLine with(String name, long value) {
    return with(name, (Object) value);
  }

  /** Adds a field with a number rounded to three decimal places. */
  public JsonLine with(String name, double value) {
    return with(name, (Object) JsonTextWriter.rounded(value));
  }

  @Override
  public String toString() {
    return new JsonTextWriter().value(withoutLines(this)).toString();
  }

  /** The value with maps in the place of lines. */
  private static Object withoutLines(Object value) {
    if (value instanceof JsonLine line) {
      return withoutLines(line.fields);
    }
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> plain = new LinkedHashMap<>();
      map.forEach((name, each) -> plain.put(String.valueOf(name), withoutLines(each)));
      return plain;
    }
    return value instanceof List<?> list
        ? list.stream().map(JsonLine::withoutLines).toList()
        : value;
  }
}
