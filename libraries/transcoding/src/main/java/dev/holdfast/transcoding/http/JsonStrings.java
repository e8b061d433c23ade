package dev.holdfast.transcoding.http;

import java.nio.charset.StandardCharsets;

/** Strings as JSON has them. */
public final class JsonStrings {
  private JsonStrings() {}

  /** A string in quotes, escaped as RFC 8259 demands, and lone surrogates as U+FFFD. */
  public static String quote(String text) {
    StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> quoted.append("\\\"");
        case '\\' -> quoted.append("\\\\");
        case '\n' -> quoted.append("\\n");
        case '\r' -> quoted.append("\\r");
        case '\t' -> quoted.append("\\t");
        default -> append(quoted, text, i, c);
      }
    }
    return quoted.append('"').toString();
  }

  private static void append(StringBuilder quoted, String text, int i, char c) {
    if (c < ' ' || c == 0x7F) {
      quoted.append(String.format("\\u%04x", (int) c));
    } else if (Character.isSurrogate(c) && !isPaired(text, i)) {
      quoted.append('\uFFFD');
    } else {
      quoted.append(c);
    }
  }

  private static boolean isPaired(String text, int i) {
    return Character.isHighSurrogate(text.charAt(i))
        ? i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))
        : i > 0 && Character.isHighSurrogate(text.charAt(i - 1));
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
