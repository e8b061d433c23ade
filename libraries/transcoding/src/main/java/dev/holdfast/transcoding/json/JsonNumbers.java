package dev.holdfast.transcoding.json;

import dev.holdfast.core.annotation.Limit;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Parsing of JSON numbers from bytes. */
final class JsonNumbers {
  /** The maximum length of a number in bytes; no exact 64-bit value needs more. */
  @Limit(of = "one number in JSON", then = "the message is refused as malformed")
  static final int MAX_NUMBER_BYTES = 1100;

  private static final double[] POWERS_OF_TEN = new double[23];
  private static final float[] SMALL_POWERS_OF_TEN = new float[11];
  private static final int EXACT_DIGITS = 15;
  private static final int EXACT_FLOAT_DIGITS = 7;
  private static final BigInteger UNSIGNED_MAX =
      BigInteger.ONE.shiftLeft(Long.SIZE).subtract(BigInteger.ONE);

  static {
    double power = 1;
    for (int i = 0; i < POWERS_OF_TEN.length; i++, power *= 10) {
      POWERS_OF_TEN[i] = power;
    }
    float small = 1;
    for (int i = 0; i < SMALL_POWERS_OF_TEN.length; i++, small *= 10) {
      SMALL_POWERS_OF_TEN[i] = small;
    }
  }

  private JsonNumbers() {}

  /** Whether a range is one number of JSON's grammar, within the maximum length. */
  static boolean isNumber(byte[] in, int from, int to) {
    int at = from;
    if (at < to && in[at] == '-') {
      at++;
    }
    int digits = digits(in, at, to);
    if (digits == at || (in[at] == '0' && digits > at + 1)) {
      return false;
    }
    at = digits;
    if (at < to && in[at] == '.') {
      digits = digits(in, at + 1, to);
      if (digits == at + 1) {
        return false;
      }
      at = digits;
    }
    if (at < to && (in[at] == 'e' || in[at] == 'E')) {
      at++;
      if (at < to && (in[at] == '+' || in[at] == '-')) {
        at++;
      }
      digits = digits(in, at, to);
      if (digits == at) {
        return false;
      }
      at = digits;
    }
    return at == to && to - from <= MAX_NUMBER_BYTES;
  }

  private static int digits(byte[] in, int from, int to) {
    int at = from;
    while (at < to && in[at] >= '0' && in[at] <= '9') {
      at++;
    }
    return at;
  }

  /**
   * The integer value of a range; fraction and exponent are allowed if the value is exact.
   *
   * @return null when the range is not an integer, or has more than 20 decimal digits
   */
  static @Nullable BigInteger whole(byte[] in, int from, int to) {
    if (!isNumber(in, from, to)) {
      return null;
    }
    BigDecimal shortest;
    try {
      shortest = new BigDecimal(ascii(in, from, to)).stripTrailingZeros();
    } catch (ArithmeticException | NumberFormatException e) {
      // An exponent of more than 32 bits.
      return null;
    }
    if (shortest.signum() == 0) {
      return BigInteger.ZERO;
    }
    // Looked at first: 1e999999999 would be a gigabyte of digits.
    boolean fits = shortest.scale() <= 0 && (long) shortest.precision() - shortest.scale() <= 20;
    return fits ? shortest.toBigIntegerExact() : null;
  }

  static boolean fitsUnsigned(BigInteger value) {
    return value.signum() >= 0 && value.compareTo(UNSIGNED_MAX) <= 0;
  }

  /** The nearest double; infinite on overflow. The range must be a number. */
  static double toDouble(byte[] in, int from, int to) {
    long mantissa = 0;
    int count = 0;
    int scale = 0;
    boolean fraction = false;
    int at = from;
    boolean negative = in[at] == '-';
    if (negative) {
      at++;
    }
    for (; at < to; at++) {
      int digit = in[at] - '0';
      if (digit == '.' - '0') {
        fraction = true;
        continue;
      }
      if (digit < 0 || digit > 9) {
        break;
      }
      mantissa = mantissa * 10 + digit;
      count += mantissa == 0 ? 0 : 1;
      scale -= fraction ? 1 : 0;
      if (count > EXACT_DIGITS) {
        break;
      }
    }
    // Both are exact as doubles, so that the one operation rounds rightly.
    if (at == to && scale > -POWERS_OF_TEN.length) {
      double value = mantissa / POWERS_OF_TEN[-scale];
      return negative ? -value : value;
    }
    return Double.parseDouble(ascii(in, from, to));
  }

  /** As {@link #toDouble}, rounded once to a float. */
  static float toFloat(byte[] in, int from, int to) {
    int mantissa = 0;
    int count = 0;
    int scale = 0;
    boolean fraction = false;
    int at = from;
    boolean negative = in[at] == '-';
    if (negative) {
      at++;
    }
    for (; at < to && count < EXACT_FLOAT_DIGITS; at++) {
      int digit = in[at] - '0';
      if (digit == '.' - '0') {
        fraction = true;
        continue;
      }
      if (digit < 0 || digit > 9) {
        break;
      }
      mantissa = mantissa * 10 + digit;
      count += mantissa == 0 ? 0 : 1;
      scale -= fraction ? 1 : 0;
    }
    if (at == to && scale > -SMALL_POWERS_OF_TEN.length) {
      float value = mantissa / SMALL_POWERS_OF_TEN[-scale];
      return negative ? -value : value;
    }
    return Float.parseFloat(ascii(in, from, to));
  }

  private static String ascii(byte[] in, int from, int to) {
    return new String(in, from, to - from, StandardCharsets.ISO_8859_1);
  }
}
