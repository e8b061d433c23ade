package dev.holdfast.gateway.tls;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What stands behind the names that clients ask for in TLS (SNI, RFC 6066): a name itself comes
 * first, then the longest {@code *.suffix}, which stands for one label or more. Immutable.
 */
public final class ServerNames<T> {
  /** What a name must look like, for errors. */
  public static final String EXPECTED = "a host or *.suffix";

  private static final Pattern TEXT =
      Pattern.compile("(\\*\\.)?[a-z0-9_-]{1,63}(\\.[a-z0-9_-]{1,63}){0,126}");
  private static final int MAX_CHARS = 253;

  private final Map<String, T> exact = new HashMap<>();
  private final Map<String, T> suffixes = new HashMap<>();

  /**
   * A table.
   *
   * @param byName by names in small letters, as {@link #parse} makes them
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
   * A name in small letters.
   *
   * @param what is called so in errors
   * @throws IllegalArgumentException naming it and what was expected
   */
  public static String parse(String what, String text) {
    String small = text.toLowerCase(Locale.ROOT);
    if (small.length() > MAX_CHARS || !TEXT.matcher(small).matches()) {
      throw new IllegalArgumentException(what + ": " + text + " (expected: " + EXPECTED + ")");
    }
    return small;
  }

  /** Whether there is nothing in it. */
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
   * What stands behind a name.
   *
   * @param name as a client asked for it; "" when it asked for none
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
