package dev.holdfast.gateway.tls;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A lookup table by TLS server name (SNI, RFC 6066). An exact name wins, then the longest {@code
 * *.suffix}; the wildcard matches one or more labels. Immutable.
 */
public final class ServerNames<T> {
  /** The expected form of a name, for error messages. */
  public static final String EXPECTED = "a host or *.suffix";

  private static final Pattern TEXT =
      Pattern.compile("(\\*\\.)?[a-z0-9_-]{1,63}(\\.[a-z0-9_-]{1,63}){0,126}");
  private static final int HOST_NAME_CHARS = 253;

  private final Map<String, T> exact = new HashMap<>();
  private final Map<String, T> suffixes = new HashMap<>();

  /**
   * A table of names and wildcards.
   *
   * @param byName keys in lower case, as {@link #parse} returns them
   */
  public ServerNames(Map<String, T> byName) {
    byName.forEach(
        (name, value) -> {
          if (name.startsWith("*.")) {
            suffixes.put(name.substring(1), value);
          } else {
            exact.put(name, value);
          }
        });
  }

  /**
   * A validated name in lower case.
   *
   * @param what the name of the setting in the error message
   * @throws IllegalArgumentException that has the setting, the value and the expected form
   */
  public static String parse(String what, String text) {
    String small = text.toLowerCase(Locale.ROOT);
    if (small.length() > HOST_NAME_CHARS || !TEXT.matcher(small).matches()) {
      throw new IllegalArgumentException(what + ": " + text + " (expected: " + EXPECTED + ")");
    }
    return small;
  }

  /** Whether the table has no entries. */
  public boolean isEmpty() {
    return exact.isEmpty() && suffixes.isEmpty();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ServerNames<?> names
        && exact.equals(names.exact)
        && suffixes.equals(names.suffixes);
  }

  @Override
  public int hashCode() {
    return Objects.hash(exact, suffixes);
  }

  @Override
  public String toString() {
    return exact + " " + suffixes;
  }

  /**
   * The value for a server name; empty when no entry matches.
   *
   * @param name as the client sent it; "" without SNI
   */
  public Optional<T> find(String name) {
    String small = name.toLowerCase(Locale.ROOT);
    T known = exact.get(small);
    int dot = suffixes.isEmpty() ? -1 : small.indexOf('.');
    while (known == null && dot >= 0) {
      known = suffixes.get(small.substring(dot));
      dot = small.indexOf('.', dot + 1);
    }
    return Optional.ofNullable(known);
  }
}
