package dev.holdfast.gateway.route;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the first value of a header must be for a route to be taken.
 *
 * @param name in small letters
 * @param kind how it is compared
 * @param value what with; "" for {@link Kind#PRESENT}
 */
public record HeaderTest(String name, Kind kind, String value) {
  /** What a name must look like, for errors. */
  public static final String EXPECTED_NAME = "a header's name in small letters";

  private static final Pattern NAME = Pattern.compile("[a-z0-9!#$%&'*+.^_`|~-]{1,100}");
  private static final int EXACT_RANK = 1_000_000;
  private static final int PREFIX_RANK = 10;

  /** How a header is compared. */
  public enum Kind {
    /** It is this text. */
    EXACT,
    /** It begins so. */
    PREFIX,
    /** It is there. */
    PRESENT
  }

  public HeaderTest {
    if (!isName(name)) {
      throw new IllegalArgumentException("name: " + name + " (expected: " + EXPECTED_NAME + ")");
    }
  }

  /** Whether a text can be the name of a header. */
  public static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  boolean accepts(@Nullable CharSequence found) {
    if (found == null) {
      return false;
    }
    return switch (kind) {
      case EXACT -> Texts.equal(found, value);
      case PREFIX -> Texts.hasAt(found, 0, found.length(), value);
      case PRESENT -> true;
    };
  }

  /** Whether each header that this accepts is accepted by the other one. */
  boolean implies(HeaderTest other) {
    if (!name.equals(other.name)) {
      return false;
    }
    return switch (kind) {
      case EXACT -> other.accepts(value);
      case PREFIX ->
          other.kind == Kind.PRESENT
              || (other.kind == Kind.PREFIX && value.startsWith(other.value));
      case PRESENT -> other.kind == Kind.PRESENT;
    };
  }

  /** Whether no header is accepted by both. */
  boolean excludes(HeaderTest other) {
    if (!name.equals(other.name) || kind == Kind.PRESENT || other.kind == Kind.PRESENT) {
      return false;
    }
    if (kind == Kind.EXACT) {
      return !other.accepts(value);
    }
    return other.kind == Kind.EXACT
        ? !accepts(other.value)
        : !value.startsWith(other.value) && !other.value.startsWith(value);
  }

  /** Greater than that of any other test that this implies. */
  int rank() {
    return switch (kind) {
      case EXACT -> EXACT_RANK;
      case PREFIX -> PREFIX_RANK + value.length();
      case PRESENT -> 1;
    };
  }
}
