package dev.holdfast.gateway.route;

import dev.holdfast.core.annotation.Limit;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The paths that a route accepts: {@code /pkg.Service/Method}, all methods of a service {@code
 * /pkg.Service/*}, a template {@code /v1/orders/{id}/items}, or a prefix {@code /v1/**} or {@code
 * /orders.**}.
 *
 * <p>{@code *} and {@code {name}} match one non-empty segment. {@code **} matches any rest, with or
 * without slashes, and stands at the end. The query of a path is ignored.
 *
 * @param segments the texts between the slashes in normal form: {@code *} for any segment; the last
 *     may end with {@code **}
 */
public record PathPattern(List<String> segments) {
  /** The highest number of segments. */
  @Limit(of = "segments in the path of a route", then = "the configuration is refused")
  public static final int MAX_SEGMENTS = 32;

  /** The expected syntax, for error messages. */
  public static final String EXPECTED =
      "/package.Service/Method, /package.Service/*, /v1/orders/{id} or /v1/**, ** at the end only";

  /** The wildcard for one segment. */
  static final String ANY = "*";

  /** The wildcard for the rest of a path. */
  static final String REST = "**";

  private static final Pattern LITERAL =
      Pattern.compile("([A-Za-z0-9._~!$&'()+,;=:@-]|%[0-9A-Fa-f]{2})*");
  private static final Pattern VARIABLE = Pattern.compile("\\{[A-Za-z_][A-Za-z0-9_.]*\\}");

  public PathPattern {
    segments = List.copyOf(segments);
  }

  /**
   * Parses a pattern and converts its literals to normal form.
   *
   * @param name of the value in its source, for the error
   * @throws IllegalArgumentException naming the value and the expected syntax
   */
  public static PathPattern parse(String name, String text) {
    String[] written = text.split("/", -1);
    if (written.length < 2 || !written[0].isEmpty()) {
      throw malformed(name, text);
    }
    if (written.length - 1 > MAX_SEGMENTS) {
      throw new IllegalArgumentException(
          name
              + ": "
              + (written.length - 1)
              + " segments (expected: at most "
              + MAX_SEGMENTS
              + ")");
    }
    List<String> segments = new ArrayList<>();
    for (int i = 1; i < written.length; i++) {
      String segment = written[i];
      boolean last = i == written.length - 1;
      if (segment.equals(ANY) || VARIABLE.matcher(segment).matches()) {
        segments.add(ANY);
      } else if (isLiteral(segment)) {
        segments.add(PathNormalization.literal(segment));
      } else if (last && isBeginning(segment)) {
        segments.add(PathNormalization.literal(beginning(segment)) + REST);
      } else {
        throw malformed(name, text);
      }
    }
    return new PathPattern(segments);
  }

  private static boolean isLiteral(String segment) {
    return LITERAL.matcher(segment).matches();
  }

  private static boolean isBeginning(String segment) {
    return segment.endsWith(REST) && isLiteral(beginning(segment));
  }

  private static String beginning(String segment) {
    return segment.substring(0, segment.length() - REST.length());
  }

  private static IllegalArgumentException malformed(String name, String text) {
    return new IllegalArgumentException(name + ": \"" + text + "\" (expected: " + EXPECTED + ")");
  }

  @Override
  public String toString() {
    return "/" + String.join("/", segments);
  }
}
