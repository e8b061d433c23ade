package dev.holdfast.core;

import dev.holdfast.core.annotation.Limit;
import org.jspecify.annotations.Nullable;

/**
 * The escaping of untrusted text between the quotes of a log line: keys and values of a registry,
 * answers of servers, names of files. Thread-safe.
 */
public final class LogEscaper {
  @Limit(of = "characters of somebody else's text in a log line", then = "the rest is left out")
  static final int MAX_CHARS = 300;

  private LogEscaper() {}

  /**
   * Escapes a text: control characters become {@code ?}, double quotes become single ones, and a
   * long text is truncated.
   */
  public static String escape(@Nullable String text) {
    String all = String.valueOf(text);
    int length = Math.min(all.length(), MAX_CHARS);
    StringBuilder escaped = new StringBuilder(length);
    for (int i = 0; i < length; i++) {
      escaped.append(escape(all.charAt(i)));
    }
    return length < all.length() ? escaped.append("...").toString() : escaped.toString();
  }

  private static char escape(char c) {
    // Some readers of logs end a line at U+2028 and U+2029 too.
    boolean breaksLines = Character.isISOControl(c) || c == '\u2028' || c == '\u2029';
    return c == '"' ? '\'' : breaksLines ? '?' : c;
  }
}
