package dev.holdfast.transcoding.json;

import java.nio.charset.StandardCharsets;

/** Formatter of JSON numbers and strings. */
final class JsonFormatter {
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] LEAST_LONG =
      Long.toString(Long.MIN_VALUE).getBytes(StandardCharsets.US_ASCII);

  /** The digits of the largest unsigned 64-bit integer; a signed one has 19 and a sign. */
  private static final int LONG_DIGITS = 20;

  /** Pairs of digits from 00 to 99 as little-endian shorts. */
  private static final short[] PAIRS = pairs();

  private static final long[] POWERS = powers();
  private static final double[] TENS = {1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
  private static final double MOST_SCALED = 1e15;
  private static final double MOST_SCALED_FLOAT = 1e6;

  private JsonFormatter() {}

  /** The bytes of a quoted name with a suffix. */
  static byte[] quoted(String name, String behind) {
    CodecBuffer out = new CodecBuffer();
    try {
      byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
      if (!string(bytes, 0, bytes.length, out)) {
        throw new IllegalArgumentException("name: " + name + " (expected: UTF-8)");
      }
      out.put(behind.getBytes(StandardCharsets.UTF_8));
    } catch (CodecException e) {
      throw new IllegalArgumentException(e);
    }
    return out.toByteArray();
  }

  /** Appends a quoted string; false when the bytes are not UTF-8. */
  static boolean string(byte[] in, int from, int to, CodecBuffer out) throws CodecException {
    out.ensure(to - from + 10);
    byte[] bytes = out.bytes;
    int put = out.size;
    bytes[put++] = '"';
    int at = from;
    while (true) {
      while (at + 8 <= to) {
        long eight = (long) CodecBuffer.LONGS.get(in, at);
        CodecBuffer.LONGS.set(bytes, put, eight);
        long special = Utf8.special(eight);
        int plain = special == 0 ? 8 : Long.numberOfTrailingZeros(special) >>> 3;
        at += plain;
        put += plain;
        if (plain < 8) {
          break;
        }
      }
      if (at >= to) {
        bytes[put++] = '"';
        out.size = put;
        return true;
      }
      byte here = in[at];
      if (here < 0) {
        int length = Utf8.sequence(in, at, to);
        if (length == 0) {
          return false;
        }
        for (int i = 0; i < length; i++) {
          bytes[put++] = in[at++];
        }
      } else if (here < ' ' || here == '"' || here == '\\') {
        out.size = put;
        escape(here, out);
        at++;
        out.ensure(to - at + 10);
        bytes = out.bytes;
        put = out.size;
      } else {
        bytes[put++] = here;
        at++;
      }
    }
  }

  private static void escape(byte one, CodecBuffer out) throws CodecException {
    out.put((byte) '\\');
    switch (one) {
      case '"', '\\' -> out.put(one);
      case '\n' -> out.put((byte) 'n');
      case '\r' -> out.put((byte) 'r');
      case '\t' -> out.put((byte) 't');
      case '\b' -> out.put((byte) 'b');
      case '\f' -> out.put((byte) 'f');
      default -> {
        out.put((byte) 'u');
        out.put((byte) '0');
        out.put((byte) '0');
        out.put(HEX[one >> 4]);
        out.put(HEX[one & 15]);
      }
    }
  }

  /** Appends a signed 64-bit integer. */
  static void integer(long value, CodecBuffer out) throws CodecException {
    if (value == Long.MIN_VALUE) {
      out.put(LEAST_LONG);
      return;
    }
    out.ensure(LONG_DIGITS);
    long rest = value;
    if (rest < 0) {
      out.bytes[out.size++] = '-';
      rest = -rest;
    }
    int at = out.size + digits(rest);
    out.size = at;
    byte[] bytes = out.bytes;
    while (rest > Integer.MAX_VALUE) {
      long hundredth = rest / 100;
      at -= 2;
      CodecBuffer.SHORTS.set(bytes, at, PAIRS[(int) (rest - hundredth * 100)]);
      rest = hundredth;
    }
    int small = (int) rest;
    while (small >= 100) {
      int hundredth = small / 100;
      at -= 2;
      CodecBuffer.SHORTS.set(bytes, at, PAIRS[small - hundredth * 100]);
      small = hundredth;
    }
    if (small >= 10) {
      CodecBuffer.SHORTS.set(bytes, at - 2, PAIRS[small]);
    } else {
      bytes[at - 1] = (byte) ('0' + small);
    }
  }

  /** Appends an unsigned 64-bit integer. */
  static void unsigned(long value, CodecBuffer out) throws CodecException {
    if (value >= 0) {
      integer(value, out);
    } else {
      long tenth = (value >>> 1) / 5;
      integer(tenth, out);
      out.put((byte) ('0' + value - tenth * 10));
    }
  }

  /** The number of decimal digits of a non-negative number. */
  private static int digits(long value) {
    long odd = value | 1;
    // 1233 / 4096 is a little more than log10(2).
    int tens = ((Long.SIZE - Long.numberOfLeadingZeros(odd)) * 1233) >>> 12;
    return odd >= POWERS[tens] ? tens + 1 : tens;
  }

  private static short[] pairs() {
    short[] pairs = new short[100];
    for (int i = 0; i < pairs.length; i++) {
      pairs[i] = (short) (('0' + i / 10) | (('0' + i % 10) << 8));
    }
    return pairs;
  }

  private static long[] powers() {
    long[] powers = new long[19];
    powers[0] = 1;
    for (int i = 1; i < powers.length; i++) {
      powers[i] = 10 * powers[i - 1];
    }
    return powers;
  }

  /** Appends a finite double in a short form that parses to the same double. */
  static void decimal(double value, CodecBuffer out) throws CodecException {
    double size = Math.abs(value);
    // A decimal of at most 15 digits that is rounded to this double is the only one.
    for (int decimals = 0; decimals < TENS.length; decimals++) {
      double scaled = size * TENS[decimals];
      if (scaled >= MOST_SCALED) {
        break;
      }
      long whole = (long) (scaled + 0.5);
      if (whole / TENS[decimals] == size) {
        fixed(Double.doubleToRawLongBits(value) < 0, whole, decimals, out);
        return;
      }
    }
    text(Double.toString(value), out);
  }

  /** As {@link #decimal(double, CodecBuffer)} for a float, where up to six digits are unique. */
  static void decimal(float value, CodecBuffer out) throws CodecException {
    float size = Math.abs(value);
    for (int decimals = 0; decimals < TENS.length; decimals++) {
      double scaled = size * TENS[decimals];
      if (scaled >= MOST_SCALED_FLOAT) {
        break;
      }
      int whole = (int) (scaled + 0.5);
      if ((float) whole / (float) TENS[decimals] == size) {
        fixed(Float.floatToRawIntBits(value) < 0, whole, decimals, out);
        return;
      }
    }
    text(Float.toString(value), out);
  }

  private static void fixed(boolean negative, long whole, int decimals, CodecBuffer out)
      throws CodecException {
    out.ensure(2 * LONG_DIGITS);
    if (negative) {
      out.bytes[out.size++] = '-';
    }
    if (decimals == 0) {
      integer(whole, out);
      if (negative && whole == 0) {
        // Many readers take -0 for a whole number, which has no sign.
        out.put((byte) '.');
        out.put((byte) '0');
      }
      return;
    }
    long unit = (long) TENS[decimals];
    integer(whole / unit, out);
    out.put((byte) '.');
    long rest = whole % unit;
    out.ensure(decimals);
    for (int i = out.size + decimals - 1; i >= out.size; i--) {
      out.bytes[i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    out.size += decimals;
  }

  private static void text(String text, CodecBuffer out) throws CodecException {
    String shorter = text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
    out.put(shorter.getBytes(StandardCharsets.US_ASCII));
  }
}
