package dev.holdfast.core;

import java.time.Duration;
import java.util.Optional;

/**
 * A {@link Tunable} that is a time.
 *
 * @param min the shortest time it takes
 * @param max the longest
 * @param defaultValue what holds without it; within the two
 */
public record TunableDuration(
    String key, Duration min, Duration max, Duration defaultValue, String meaning)
    implements Tunable {

  public TunableDuration {
    if (defaultValue.compareTo(min) < 0 || defaultValue.compareTo(max) > 0) {
      throw new IllegalArgumentException(
          "defaultValue: " + defaultValue + " (expected: " + min + " to " + max + ")");
    }
  }

  @Override
  public String expected() {
    return DurationText.format(min) + " to " + DurationText.format(max);
  }

  @Override
  public String defaultText() {
    return DurationText.format(defaultValue);
  }

  /**
   * The same time, if it is within the bounds.
   *
   * @throws IllegalArgumentException naming the value and what was expected
   */
  public Duration require(Duration value) {
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
      throw new IllegalArgumentException(
          key + ": " + text(value) + " (expected: " + expected() + ")");
    }
    return value;
  }

  /**
   * The time that was written, or the default.
   *
   * @throws IllegalArgumentException naming the text and what was expected
   */
  public Duration parse(Optional<String> text) {
    return parse(text, min);
  }

  /** As {@link #parse(Optional)}, when another setting forbids the shortest times. */
  public Duration parse(Optional<String> text, Duration least) {
    return text.map(written -> DurationText.parse(key, written, least, max)).orElse(defaultValue);
  }

  private static String text(Duration value) {
    boolean whole = value.equals(Duration.ofMillis(value.toMillis()));
    return whole ? DurationText.format(value) : value.toString();
  }
}
