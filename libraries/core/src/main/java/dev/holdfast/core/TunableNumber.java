package dev.holdfast.core;

import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.Locale;

/**
 * A {@link Tunable} that is a number.
 *
 * @param min the least value it takes
 * @param max the greatest
 * @param defaultValue what holds without it; within the two
 */
public record TunableNumber(String key, double min, double max, double defaultValue, String meaning)
    implements Tunable {

  public TunableNumber {
    if (!(defaultValue >= min && defaultValue <= max)) {
      throw new IllegalArgumentException(
          "defaultValue: " + defaultValue + " (expected: " + min + " to " + max + ")");
    }
  }

  @Override
  public String expected() {
    return text(min) + " to " + text(max);
  }

  @Override
  public String defaultText() {
    return text(defaultValue);
  }

  /** The default, of a number that is whole. */
  public int wholeDefault() {
    return (int) defaultValue;
  }

  /**
   * The same number, if it is within the bounds.
   *
   * @throws IllegalArgumentException naming the value and what was expected
   */
  public int require(int value) {
    return (int) require((double) value);
  }

  /** As {@link #require(int)}; no bounds include what is not a number. */
  public double require(double value) {
    if (!(value >= min && value <= max)) {
      throw new IllegalArgumentException(
          key + ": " + text(value) + " (expected: " + expected() + ")");
    }
    return value;
  }

  private static String text(double value) {
    return new DecimalFormat("0.######", DecimalFormatSymbols.getInstance(Locale.ROOT))
        .format(value);
  }
}
