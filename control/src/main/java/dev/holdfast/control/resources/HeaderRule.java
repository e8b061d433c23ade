package dev.holdfast.control.resources;

import java.util.regex.Pattern;

/**
 * What a header of a call must be for a route to be taken.
 *
 * @param name in small letters
 * @param test how it is compared
 * @param value what with; {@code true} or {@code false} for {@link Test#PRESENT}
 */
public record HeaderRule(String name, Test test, String value) {
  // gRPC gives binary headers and those of HTTP/2 itself to no route.
  private static final Pattern NAME = Pattern.compile("[a-z0-9_.-]{1,100}");

  /** How a header is compared. */
  public enum Test {
    /** It is this text. */
    EXACT,
    /** It begins so. */
    PREFIX,
    /** It ends so. */
    SUFFIX,
    /** This is a part of it. */
    CONTAINS,
    /** It is there, or is not. */
    PRESENT
  }

  /** What a name must look like, for errors. */
  static final String EXPECTED_NAME =
      "a header's name in small letters, none that ends with -bin or begins with grpc-";

  /** Whether a route or a hash may look at a header with this name. */
  static boolean isName(String text) {
    return NAME.matcher(text).matches() && !text.endsWith("-bin") && !text.startsWith("grpc-");
  }
}
