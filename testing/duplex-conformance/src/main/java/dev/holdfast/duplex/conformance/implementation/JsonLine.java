package dev.holdfast.duplex.conformance.implementation;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.holdfast.core.JsonTextWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One JSON object on a line: a command to an implementation under test, or an event of it. Numbers
 * are integers.
 *
 * @param fields by name; texts, longs, booleans, maps or lists
 */
public record JsonLine(Map<String, Object> fields) {
  private static final JsonFactory JSON = new JsonFactory();

  public JsonLine {
    fields = new LinkedHashMap<>(fields);
  }

  /** A line with a first field. */
  public static JsonLine of(String name, Object value) {
    return new JsonLine(Map.of(name, value));
  }

  /** A copy with one more field. */
  public JsonLine with(String name, Object value) {
    JsonLine copy = new JsonLine(fields);
    copy.fields.put(name, value);
    return copy;
  }

  /** The text of a field; empty when it is absent or no text. */
  public String text(String name) {
    return fields.get(name) instanceof String text ? text : "";
  }

  /** The number of a field; 0 when it is absent or no number. */
  public long number(String name) {
    return fields.get(name) instanceof Long number ? number : 0;
  }

  /** The object of a field; empty when it is absent or no object. */
  public JsonLine object(String name) {
    Map<String, Object> object = new LinkedHashMap<>();
    if (fields.get(name) instanceof Map<?, ?> map) {
      map.forEach((key, value) -> object.put(String.valueOf(key), value));
    }
    return new JsonLine(object);
  }

  /** The texts of a list; empty when the field is absent or no list. */
  public List<String> texts(String name) {
    return fields.get(name) instanceof List<?> list
        ? list.stream().map(String::valueOf).toList()
        : List.of();
  }

  /**
   * Reads a line.
   *
   * @throws IOException when it is not one JSON object
   */
  public static JsonLine parse(String line) throws IOException {
    try (JsonParser parser = JSON.createParser(line)) {
      parser.nextToken();
      if (read(parser) instanceof Map<?, ?> map) {
        return new JsonLine(Map.of("line", map)).object("line");
      }
      throw new IOException(line + " (expected: a JSON object)");
    }
  }

  private static @Nullable Object read(JsonParser parser) throws IOException {
    JsonToken token = parser.currentToken();
    if (token == null) {
      return null;
    }
    switch (token) {
      case START_OBJECT -> {
        Map<String, Object> map = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          String name = parser.currentName();
          parser.nextToken();
          Object value = read(parser);
          if (value != null) {
            map.put(name, value);
          }
        }
        return map;
      }
      case START_ARRAY -> {
        List<Object> list = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          Object value = read(parser);
          if (value != null) {
            list.add(value);
          }
        }
        return list;
      }
      case VALUE_NUMBER_INT -> {
        return parser.getLongValue();
      }
      case VALUE_TRUE, VALUE_FALSE -> {
        return token == JsonToken.VALUE_TRUE;
      }
      case VALUE_NULL -> {
        return null;
      }
      default -> {
        return parser.getText();
      }
    }
  }

  @Override
  public String toString() {
    return new JsonTextWriter().value(fields).toString();
  }
}
