package dev.holdfast.lab.kubernetes;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** A writer of a JSON object, in the order of its fields' addition; null fields are left out. */
final class Json {
  private final StringBuilder text = new StringBuilder();

  Json with(String key, String value) {
    return raw(key, quoted(value));
  }

  Json with(String key, long value) {
    return raw(key, Long.toString(value));
  }

  Json with(String key, boolean value) {
    return raw(key, Boolean.toString(value));
  }

  Json with(String key, Json value) {
    return raw(key, value.toString());
  }

  Json with(String key, Map<String, String> values) {
    Json object = new Json();
    values.forEach(object::with);
    return raw(key, object.toString());
  }

  /** As Go writes a slice: null when it has no elements. */
  <T> Json with(String key, List<T> values, Function<T, String> element) {
    return raw(key, values.isEmpty() ? "null" : array(values, element));
  }

  /** A value that is JSON already. */
  Json raw(String key, String json) {
    if (!text.isEmpty()) {
      text.append(',');
    }
    text.append(quoted(key)).append(':').append(json);
    return this;
  }

  static <T> String array(List<T> values, Function<T, String> element) {
    return values.stream().map(element).collect(Collectors.joining(",", "[", "]"));
  }

  static String quoted(String value) {
    StringBuilder quoted = new StringBuilder(value.length() + 2).append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '"', '\\' -> quoted.append('\\').append(c);
        case '\n' -> quoted.append("\\n");
        default -> {
          if (c < ' ') {
            quoted.append(String.format("\\u%04x", (int) c));
          } else {
            quoted.append(c);
          }
        }
      }
    }
    return quoted.append('"').toString();
  }

  /** The fields without the braces around them. */
  String fields() {
    return text.toString();
  }

  @Override
  public String toString() {
    return "{" + text + "}";
  }
}
