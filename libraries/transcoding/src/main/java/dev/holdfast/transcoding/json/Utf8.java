package dev.holdfast.transcoding.json;

/** UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
final class Utf8 {
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGHS = 0x8080808080808080L;

  private Utf8() {}

  /** The length of the UTF-8 sequence at a position, 1 to 4 bytes; 0 when it is invalid. */
  static int sequence(byte[] bytes, int at, int end) {
    int first = bytes[at] & 0xff;
    if (first < 0x80) {
      return 1;
    }
    if (first < 0xc2 || first > 0xf4) {
      return 0;
    }
    int length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (end - at < length) {
      return 0;
    }
    int second = bytes[at + 1] & 0xff;
    int low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    int high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high) {
      return 0;
    }
    for (int i = 2; i < length; i++) {
      if ((bytes[at + i] & 0xc0) != 0x80) {
        return 0;
      }
    }
    return length;
  }

  /** Whether all of a range is UTF-8. */
  static boolean isValid(byte[] bytes, int from, int to) {
    int at = from;
    while (at < to) {
      int length = sequence(bytes, at, to);
      if (length == 0) {
        return false;
      }
      at += length;
    }
    return true;
  }

  /** Writes a code point in UTF-8 and returns the position behind it. */
  static int write(int codePoint, byte[] to, int at) {
    int next = at;
    if (codePoint < 0x80) {
      to[next++] = (byte) codePoint;
    } else if (codePoint < 0x800) {
      to[next++] = (byte) (0xc0 | codePoint >> 6);
      to[next++] = (byte) (0x80 | (codePoint & 0x3f));
    } else if (codePoint < 0x10000) {
      to[next++] = (byte) (0xe0 | codePoint >> 12);
      to[next++] = (byte) (0x80 | (codePoint >> 6 & 0x3f));
      to[next++] = (byte) (0x80 | (codePoint & 0x3f));
    } else {
      to[next++] = (byte) (0xf0 | codePoint >> 18);
      to[next++] = (byte) (0x80 | (codePoint >> 12 & 0x3f));
      to[next++] = (byte) (0x80 | (codePoint >> 6 & 0x3f));
      to[next++] = (byte) (0x80 | (codePoint & 0x3f));
    }
    return next;
  }

  /**
   * Marks bytes that need care in a JSON string: quote, backslash, control characters, and bytes
   * outside ASCII. The lowest set bit belongs to the first such byte of the eight; higher bits may
   * be wrong.
   */
  static long special(long eight) {
    long quote = eight ^ ONES * '"';
    long backslash = eight ^ ONES * '\\';
    return (((quote - ONES) & ~quote)
            | ((backslash - ONES) & ~backslash)
            | ((eight - ONES * 0x20) & ~eight)
            | eight)
        & HIGHS;
  }
}
