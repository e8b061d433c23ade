package dev.holdfast.core;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The text format of durations in URIs, files and variables: {@code 250ms}, {@code 5s}, {@code
 * 10m}, {@code 1h}.
 *
 * <p>A number without a unit is refused: {@code ttl=5} could mean either of two units.
 */
public final class DurationText {
  private static final Pattern TEXT = Pattern.compile("(\\d{1,9})(ms|s|m|h)");

  private DurationText() {}

  /**
   * Parses a whole number followed by {@code ms}, {@code s}, {@code m} or {@code h}.
   *
   * @param name what the value is called where it was written, for the error
   * @throws IllegalArgumentException naming the value and what was expected
   */
  public static Duration parse(String name, String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          name + ": \"" + text + "\" (expected: a number and ms, s, m or h, such as 250ms)");
    }
    long number = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(number);
      case "s" -> Duration.ofSeconds(number);
      case "m" -> Duration.ofMinutes(number);
      default -> Duration.ofHours(number);
    };
  }

  /**
   * As {@link #parse(String, String)}, within bounds.
   *
   * @throws IllegalArgumentException naming the value and what was expected
   */
  public static Duration parse(String name, String text, Duration min, Duration max) {
    Duration value = parse(name, text);
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
      throw new IllegalArgumentException(
          name + ": " + text + " (expected: " + format(min) + " to " + format(max) + ")");
    }
    return value;
  }

  /** Refuses a duration of zero or less, which a builder or an options record was given. */
  public static void requirePositive(String name, Duration value) {
    if (value.isZero() || value.isNegative()) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: > 0)");
    }
  }

  /** The duration in its largest unit that leaves no rest, milliseconds at least. */
  public static String format(Duration duration) {
    long millis = duration.toMillis();
    if (millis == 0) {
      return "0s";
    }
    if (millis % 1000 != 0) {
      return millis + "ms";
    }
    long seconds = millis / 1000;
    if (seconds % 3600 == 0) {
      return seconds / 3600 + "h";
    }
    return seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
  }
}
