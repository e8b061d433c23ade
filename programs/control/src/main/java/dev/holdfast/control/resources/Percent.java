package dev.holdfast.control.resources;

import java.math.BigDecimal;
import java.util.regex.Pattern;

/**
 * A fraction of all calls, in hundredths of a percent: {@code 10%}, {@code 0.25%}.
 *
 * @param hundredths 0 to 10,000
 */
public record Percent(int hundredths) {
  /** The whole: 100 % of all calls. */
  public static final Percent ALL = new Percent(10_000);

  /** Zero: 0 % of all calls. */
  public static final Percent NONE = new Percent(0);

  static final String EXPECTED = "0% to 100%, with two decimals at most";

  private static final Pattern TEXT = Pattern.compile("\\d{1,3}(\\.\\d{1,2})?%");

  public Percent {
    if (hundredths < 0 || hundredths > 10_000) {
      throw new IllegalArgumentException(
          "percent: " + hundredths + " hundredths (expected: 0 to 10000)");
    }
  }

  /**
   * Parses a number with a percent sign; without one, {@code 0.1} could mean two things.
   *
   * @param name what the value is called where it was written, for the error
   * @throws IllegalArgumentException naming the value and what was expected
   */
  public static Percent parse(String name, String text) {
    if (TEXT.matcher(text).matches()) {
      BigDecimal value = new BigDecimal(text.substring(0, text.length() - 1));
      int hundredths = value.movePointRight(2).intValueExact();
      if (hundredths <= ALL.hundredths) {
        return new Percent(hundredths);
      }
    }
    throw new IllegalArgumentException(name + ": " + text + " (expected: " + EXPECTED + ")");
  }

  /** The percentage as it is written in a policy, without trailing zeros. */
  @Override
  public String toString() {
    return BigDecimal.valueOf(hundredths, 2).stripTrailingZeros().toPlainString() + "%";
  }
}
