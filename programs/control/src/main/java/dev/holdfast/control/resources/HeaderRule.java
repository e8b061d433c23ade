package dev.holdfast.control.resources;

import java.util.regex.Pattern;

/**
 * A condition on a header of a call, for a route to match.
 *
 * @param name in small letters
 * @param test the comparison
 * @param value the operand; {@code true} or {@code false} for {@link HeaderComparison#PRESENT}
 */
public record HeaderRule(String name, HeaderComparison test, String value) {
  // gRPC gives binary headers and those of HTTP/2 itself to no route.
  private static final Pattern NAME = Pattern.compile("[a-z0-9_.-]{1,100}");

  /** The comparison of a header's value with the operand. */
  public enum HeaderComparison {
    /** The value equals the operand. */
    EXACT,
    /** The value begins with the operand. */
    PREFIX,
    /** The value ends with the operand. */
    SUFFIX,
    /** The value contains the operand. */
    CONTAINS,
    /** The header is present, or absent if the operand is {@code false}. */
    PRESENT
  }

  /** The description of a valid header name, for error messages. */
  static final String EXPECTED_NAME =
      "a header's name in small letters, none that ends with -bin or begins with grpc-";

  /** Whether a route or a hash may match a header with this name. */
  static boolean isName(String text) {
    return NAME.matcher(text).matches() && !text.endsWith("-bin") && !text.startsWith("grpc-");
  }
}
