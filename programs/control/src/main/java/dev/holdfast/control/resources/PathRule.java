package dev.holdfast.control.resources;

import java.util.regex.Pattern;

/**
 * The methods that a route or a retry applies to: {@code /orders.v1.Orders/Get}, or {@code
 * /orders.v1.Orders/*} for all of a service.
 *
 * @param path the whole path of a method, or the beginning that ends with the slash
 * @param prefix whether it is a beginning
 */
public record PathRule(String path, boolean prefix) {
  static final String EXPECTED = "/package.Service/Method or /package.Service/*";

  private static final Pattern TEXT =
      Pattern.compile("/[A-Za-z0-9_.]{1,200}/([A-Za-z0-9_]{1,100}|\\*)");

  /**
   * Parses the path of a method, or of all methods of a service.
   *
   * @param name what the value is called where it was written, for the error
   * @throws IllegalArgumentException naming the value and what was expected
   */
  public static PathRule parse(String name, String text) {
    if (!TEXT.matcher(text).matches()) {
      throw new IllegalArgumentException(name + ": " + text + " (expected: " + EXPECTED + ")");
    }
    return text.endsWith("*")
        ? new PathRule(text.substring(0, text.length() - 1), true)
        : new PathRule(text, false);
  }

  /** Whether every method of the other one is one of this. */
  boolean covers(PathRule other) {
    return prefix ? other.path.startsWith(path) : equals(other);
  }

  @Override
  public String toString() {
    return prefix ? path + "*" : path;
  }
}
