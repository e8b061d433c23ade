package dev.holdfast.gateway.route;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A condition on the first value of a request header.
 *
 * @param name in lower case
 * @param kind of the comparison
 * @param value to compare with; "" for {@link HeaderMatchKind#PRESENT}
 */
public record HeaderMatch(String name, HeaderMatchKind kind, String value) {
  /** The expected syntax of a name, for error messages. */
  public static final String EXPECTED_NAME = "a header's name in small letters";

  private static final Pattern NAME = Pattern.compile("[a-z0-9!#$%&'*+.^_`|~-]{1,100}");
  private static final int EXACT_RANK = 1_000_000;
  private static final int PREFIX_RANK = 10;

  /** The kind of a header comparison. */
  public enum HeaderMatchKind {
    /** The value equals the text. */
    EXACT,
    /** The value begins with the text. */
    PREFIX,
    /** The header exists, with any value. */
    PRESENT
  }

  public HeaderMatch {
    if (!isName(name)) {
      throw new IllegalArgumentException("name: " + name + " (expected: " + EXPECTED_NAME + ")");
    }
  }

  /** Whether a text is a valid header name in lower case. */
  public static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  boolean accepts(@Nullable CharSequence found) {
    if (found == null) {
      return false;
    }
    return switch (kind) {
      case EXACT -> CharSequences.equal(found, value);
      case PREFIX -> CharSequences.hasAt(found, 0, found.length(), value);
      case PRESENT -> true;
    };
  }

  /** Whether each header that this test accepts is accepted by the other test. */
  boolean implies(HeaderMatch other) {
    if (!name.equals(other.name)) {
      return false;
    }
    return switch (kind) {
      case EXACT -> other.accepts(value);
      case PREFIX ->
          other.kind == HeaderMatchKind.PRESENT
              || (other.kind == HeaderMatchKind.PREFIX && value.startsWith(other.value));
      case PRESENT -> other.kind == HeaderMatchKind.PRESENT;
    };
  }

  /** Whether no header value is accepted by both tests. */
  boolean excludes(HeaderMatch other) {
    if (!name.equals(other.name)
        || kind == HeaderMatchKind.PRESENT
        || other.kind == HeaderMatchKind.PRESENT) {
      return false;
    }
    if (kind == HeaderMatchKind.EXACT) {
      return !other.accepts(value);
    }
    return other.kind == HeaderMatchKind.EXACT
        ? !accepts(other.value)
        : !value.startsWith(other.value) && !other.value.startsWith(value);
  }

  /** The rank of this test: higher than that of any other test that this one implies. */
  int rank() {
    return switch (kind) {
      case EXACT -> EXACT_RANK;
      case PREFIX -> PREFIX_RANK + value.length();
      case PRESENT -> 1;
    };
  }
}
