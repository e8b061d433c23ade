package dev.holdfast.gateway.cors;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A pattern of origins: a single origin, all subdomains of a domain, or any. Immutable.
 *
 * @param text as configured, in lower case
 * @param prefix with which a matching origin begins; the whole origin when the suffix is empty
 * @param suffix with which a matching origin ends; empty for a single origin
 */
record OriginPattern(String text, String prefix, String suffix) {
  static final String EXPECTED =
      "scheme://host or scheme://host:port as browsers send it, scheme://*.suffix, or *";

  private static final String ANY = "*";
  private static final String BELOW = "://*.";
  private static final Pattern SHAPE =
      Pattern.compile(
          "([a-z][a-z0-9+.-]*)://(?:\\*\\.)?(?:[a-z0-9_-]+(?:\\.[a-z0-9_-]+)*|\\[[0-9a-f:.]+])"
              + "(?::([0-9]{1,5}))?");

  /**
   * Parses an origin, a pattern with a wildcard, or {@code *}.
   *
   * @throws IllegalArgumentException for an origin that no browser sends
   */
  static OriginPattern parse(String name, String text) {
    String small = text.toLowerCase(Locale.ROOT);
    if (small.equals(ANY)) {
      return new OriginPattern(ANY, "", "");
    }
    Matcher shape = SHAPE.matcher(small);
    if (!shape.matches() || isDefaultPort(shape.group(1), shape.group(2))) {
      throw new IllegalArgumentException(name + ": " + text + " (expected: " + EXPECTED + ")");
    }
    int below = small.indexOf(BELOW);
    return below < 0
        ? new OriginPattern(small, small, "")
        : new OriginPattern(
            small, small.substring(0, below + 3), small.substring(below + BELOW.length() - 1));
  }

  boolean isAny() {
    return text.equals(ANY);
  }

  boolean fits(String origin) {
    if (isAny()) {
      return true;
    }
    if (suffix.isEmpty()) {
      return origin.equals(prefix);
    }
    int last = origin.length() - suffix.length();
    return last > prefix.length()
        && origin.startsWith(prefix)
        && origin.endsWith(suffix)
        && isHost(origin, prefix.length(), last);
  }

  /**
   * Whether a port is the scheme's default. Browsers omit it, so an origin with it would never
   * match.
   */
  private static boolean isDefaultPort(String scheme, @Nullable String port) {
    return ("80".equals(port) && scheme.equals("http"))
        || ("443".equals(port) && scheme.equals("https"));
  }

  private static boolean isHost(String text, int from, int to) {
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      boolean letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
      if (!letter && c != '-' && c != '.' && c != '_') {
        return false;
      }
    }
    return true;
  }
}
