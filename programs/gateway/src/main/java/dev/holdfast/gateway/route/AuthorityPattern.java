package dev.holdfast.gateway.route;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The authorities that a route accepts: a host {@code orders.example}, a host with port {@code
 * orders.example:8443}, every name below a domain {@code *.example}, or any: {@code *}.
 *
 * @param text in lower case
 */
public record AuthorityPattern(String text) {
  /** The expected syntax, for error messages. */
  public static final String EXPECTED = "a host, host:port, *.suffix or *";

  /** The pattern of any authority, an absent one included. */
  public static final AuthorityPattern ANY = new AuthorityPattern("*");

  private static final String NAME = "[a-z0-9_-]+(\\.[a-z0-9_-]+)*";
  private static final Pattern TEXT =
      Pattern.compile("\\*|\\*\\." + NAME + "|(" + NAME + "|\\[[0-9a-f:.]+\\])(:[0-9]{1,5})?");

  /**
   * Parses a pattern, which is converted to lower case.
   *
   * @param name of the value in its source, for the error
   * @throws IllegalArgumentException naming the value and the expected syntax
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

  /** The suffix, with its leading dot. */
  String suffix() {
    return text.substring(1);
  }

  @Override
  public String toString() {
    return text;
  }
}
