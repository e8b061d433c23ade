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
    String start = all.length() <= MAX_CHARS ? all : all.substring(0, MAX_CHARS) + "...";
    return start.replaceAll("[\\p{Cntrl}\\u0085\\u2028\\u2029]", "?").replace('"', '\'');
  }
}
