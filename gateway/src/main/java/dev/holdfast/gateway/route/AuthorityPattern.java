package dev.holdfast.gateway.route;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Which authorities a route is meant for: a host {@code orders.example}, one with its port {@code
 * orders.example:8443}, every name below one {@code *.example}, or all: {@code *}.
 *
 * @param text in small letters
 */
public record AuthorityPattern(String text) {
  /** What a pattern must look like, for errors. */
  public static final String EXPECTED = "a host, host:port, *.suffix or *";

  /** Every authority, also none. */
  public static final AuthorityPattern ANY = new AuthorityPattern("*");

  private static final String NAME = "[a-z0-9_-]+(\\.[a-z0-9_-]+)*";
  private static final Pattern TEXT =
      Pattern.compile("\\*|\\*\\." + NAME + "|(" + NAME + "|\\[[0-9a-f:.]+\\])(:[0-9]{1,5})?");

  /**
   * Parses a pattern.
   *
   * @param name what the value is called where it was written, for the error
   * @throws IllegalArgumentException naming the value and what was expected
   */
  public static AuthorityPattern parse(String name, String text) {
    String small = text.toLowerCase(Locale.ROOT);
    if (!TEXT.matcher(small).matches()) {
      throw new IllegalArgumentException(name + ": \"" + text + "\" (expected: " + EXPECTED + ")");
    }
    return new AuthorityPattern(small);
  }

  boolean isAny() {
    return text.equals("*");
  }

  boolean isSuffix() {
    return text.startsWith("*.");
  }

  /** With its dot. */
  String suffix() {
    return text.substring(1);
  }

  @Override
  public String toString() {
    return text;
  }
}
