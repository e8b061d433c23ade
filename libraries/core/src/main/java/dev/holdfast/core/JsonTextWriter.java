package dev.holdfast.core;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A writer of JSON text on one line. The caller keeps to the grammar; the writer adds commas and
 * escapes. Without {@link #object()} around them the fields alone are written.
 *
 * <p>The text is valid JSON that encodes in UTF-8 whatever the values are. Quotes, backslashes,
 * control characters (U+0000 to U+001F, U+007F to U+009F) and the line separators U+2028 and U+2029
 * are escaped, so that a value never breaks a line or steers a terminal. A lone surrogate becomes
 * U+FFFD. NaN and infinity become null. Not thread-safe.
 */
public final class JsonTextWriter {
  private static final int TYPICAL_CHARS = 256;
  private static final char FIRST_PLAIN = ' ';
  private static final char DELETE = 0x7f;
  private static final char LAST_CONTROL = 0x9f;
  private static final char REPLACEMENT = '\uFFFD';
  private static final String HEX = "0123456789abcdef";
  private static final double THOUSAND = 1_000;

  private final StringBuilder text = new StringBuilder(TYPICAL_CHARS);
  private boolean comma;

  /** A text as a JSON string, with its quotes. */
  public static String quoted(CharSequence value) {
    StringBuilder quoted = new StringBuilder(value.length() + 2);
    quote(value, quoted);
    return quoted.toString();
  }

  /** A number rounded to three decimal places; NaN and infinity as they are. */
  public static double rounded(double value) {
    return Double.isFinite(value) ? Math.round(value * THOUSAND) / THOUSAND : value;
  }

  /** Begins an object, as an array element or as the whole value. */
  public JsonTextWriter object() {
    return open('{');
  }

  /** Begins an object as a field. */
  public JsonTextWriter object(String name) {
    return name(name).open('{');
  }

  /** Ends the innermost object. */
  public JsonTextWriter endObject() {
    return close('}');
  }

  /** Begins an array, as an array element or as the whole value. */
  public JsonTextWriter array() {
    return open('[');
  }

  /** Begins an array as a field. */
  public JsonTextWriter array(String name) {
    return name(name).open('[');
  }

  /** Ends the innermost array. */
  public JsonTextWriter endArray() {
    return close(']');
  }

  /** Adds a field with a text. */
  public JsonTextWriter with(String name, CharSequence value) {
    return name(name).value(value);
  }

  /** Adds a field if its value is not empty. */
  public JsonTextWriter withAny(String name, CharSequence value) {
    return value.isEmpty() ? this : with(name, value);
  }

  /** Adds a field with an integer. */
  public JsonTextWriter with(String name, long value) {
    return name(name).json(Long.toString(value));
  }

  /** Adds a field with a number rounded to three decimal places. */
  public JsonTextWriter with(String name, double value) {
    return name(name).value(rounded(value));
  }

  /** Adds a field with a boolean. */
  public JsonTextWriter with(String name, boolean value) {
    return name(name).json(Boolean.toString(value));
  }

  /** Adds a field whose value is JSON text already. */
  public JsonTextWriter withJson(String name, String json) {
    return name(name).json(json);
  }

  /** Adds a field with a value as {@link #value(Object)} writes it. */
  public JsonTextWriter withValue(String name, @Nullable Object value) {
    return name(name).value(value);
  }

  /**
   * Adds an array element, or the whole value: null, a number, a boolean, a map, a list, or the
   * text of any other object. Numbers are not rounded.
   */
  public JsonTextWriter value(@Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      object();
      map.forEach((key, each) -> withValue(String.valueOf(key), each));
      return endObject();
    }
    if (value instanceof List<?> list) {
      array();
      list.forEach(this::value);
      return endArray();
    }
    if (value instanceof Double number) {
      return json(Double.isFinite(number) ? number.toString() : "null");
    }
    if (value == null
        || value instanceof Boolean
        || value instanceof Integer
        || value instanceof Long) {
      return json(String.valueOf(value));
    }
    separate();
    quote(value instanceof CharSequence chars ? chars : value.toString(), text);
    comma = true;
    return this;
  }

  /** Adds an array element, or the whole value, that is JSON text already. */
  public JsonTextWriter json(String json) {
    separate();
    text.append(json);
    comma = true;
    return this;
  }

  /** The text that was written so far, in UTF-8. */
  public byte[] toByteArray() {
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** The text that was written so far. */
  @Override
  public String toString() {
    return text.toString();
  }

  private JsonTextWriter open(char bracket) {
    separate();
    text.append(bracket);
    comma = false;
    return this;
  }

  private JsonTextWriter close(char bracket) {
    text.append(bracket);
    comma = true;
    return this;
  }

  private JsonTextWriter name(String name) {
    separate();
    quote(name, text);
    text.append(':');
    comma = false;
    return this;
  }

  private void separate() {
    if (comma) {
      text.append(',');
    }
  }

  private static void quote(CharSequence value, StringBuilder out) {
    out.append('"');
    for (int i = 0; i < value.length(); i++) {
      char each = value.charAt(i);
      switch (each) {
        case '"', '\\' -> out.append('\\').append(each);
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (isEscaped(each)) {
            unicode(each, out);
          } else {
            out.append(isLoneSurrogate(value, i) ? REPLACEMENT : each);
          }
        }
      }
    }
    out.append('"');
  }

  private static boolean isEscaped(char each) {
    return each < FIRST_PLAIN
        || (each >= DELETE && each <= LAST_CONTROL)
        || each == '\u2028'
        || each == '\u2029';
  }

  private static boolean isLoneSurrogate(CharSequence value, int at) {
    char each = value.charAt(at);
    if (!Character.isSurrogate(each)) {
      return false;
    }
    boolean paired =
        Character.isHighSurrogate(each)
            ? at + 1 < value.length() && Character.isLowSurrogate(value.charAt(at + 1))
            : at > 0 && Character.isHighSurrogate(value.charAt(at - 1));
    return !paired;
  }

  private static void unicode(char each, StringBuilder out) {
    out.append("\\u");
    for (int shift = 12; shift >= 0; shift -= 4) {
      out.append(HEX.charAt((each >> shift) & 0xf));
    }
  }
}
