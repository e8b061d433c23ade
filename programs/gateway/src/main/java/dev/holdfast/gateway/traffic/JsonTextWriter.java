package dev.holdfast.gateway.traffic;

/**
 * A writer of one JSON value. The caller keeps to the grammar; the writer adds commas and escapes.
 */
public final class JsonTextWriter {
  private static final char FIRST_PLAIN = ' ';
  private static final char DELETE = 0x7f;
  private static final char LAST_CONTROL = 0x9f;
  private static final String HEX = "0123456789abcdef";

  private final StringBuilder text = new StringBuilder(256);
  private boolean comma;

  /** Begins an object, as an array element or as the whole value. */
  public JsonTextWriter object() {
    return open('{');
  }

  /** Begins an object as a field. */
  public JsonTextWriter object(String name) {
    return name(name).open('{');
  }

  public JsonTextWriter endObject() {
    return close('}');
  }

  /** Begins an array as a field. */
  public JsonTextWriter array(String name) {
    return name(name).open('[');
  }

  public JsonTextWriter endArray() {
    return close(']');
  }

  public JsonTextWriter with(String name, CharSequence value) {
    name(name).text.append('"');
    escape(value);
    text.append('"');
    comma = true;
    return this;
  }

  /** Adds a field if its value is not empty. */
  public JsonTextWriter withAny(String name, CharSequence value) {
    return value.isEmpty() ? this : with(name, value);
  }

  public JsonTextWriter with(String name, long value) {
    name(name).text.append(value);
    comma = true;
    return this;
  }

  /** Adds a number rounded to three decimal places; NaN and infinity become null. */
  public JsonTextWriter with(String name, double value) {
    name(name);
    if (Double.isFinite(value)) {
      long thousandths = Math.round(value * 1_000);
      text.append(thousandths / 1_000.0);
    } else {
      text.append("null");
    }
    comma = true;
    return this;
  }

  public JsonTextWriter with(String name, boolean value) {
    name(name).text.append(value);
    comma = true;
    return this;
  }

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
    text.append('"').append(name).append("\":");
    comma = false;
    return this;
  }

  private void separate() {
    if (comma) {
      text.append(',');
    }
  }

  private void escape(CharSequence value) {
    for (int i = 0; i < value.length(); i++) {
      char each = value.charAt(i);
      if (each == '"' || each == '\\') {
        text.append('\\').append(each);
      } else if (each < FIRST_PLAIN
          || (each >= DELETE && each <= LAST_CONTROL)
          || Character.isSurrogate(each)
          || each == '\u2028'
          || each == '\u2029') {
        unicode(each);
      } else {
        text.append(each);
      }
    }
  }

  private void unicode(char each) {
    text.append("\\u");
    for (int shift = 12; shift >= 0; shift -= 4) {
      text.append(HEX.charAt((each >> shift) & 0xf));
    }
  }
}
