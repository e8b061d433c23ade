package dev.holdfast.transcoding.json;

import java.util.Arrays;

/** Base64 of RFC 4648: read in both alphabets, with padding or without; written in the first. */
final class Base64Text {
  private static final String DIGITS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  private static final byte[] ENCODE = new byte[64];
  private static final byte[] DECODE = new byte[256];
  private static final byte NONE = -1;

  static {
    Arrays.fill(DECODE, NONE);
    String standard = DIGITS + "+/";
    String forUrls = DIGITS + "-_";
    for (int i = 0; i < ENCODE.length; i++) {
      ENCODE[i] = (byte) standard.charAt(i);
      DECODE[standard.charAt(i)] = (byte) i;
      DECODE[forUrls.charAt(i)] = (byte) i;
    }
  }

  private Base64Text() {}

  /**
   * Appends the decoded bytes of a range. Left-over bits are ignored.
   *
   * @return false when the range is not base64, or mixes both alphabets
   */
  static boolean decode(byte[] in, int from, int to, CodecBuffer out) throws CodecException {
    int end = to;
    if (to - from >= 4 && (to - from) % 4 == 0) {
      while (end > to - 2 && in[end - 1] == '=') {
        end--;
      }
    }
    int length = end - from;
    if (length % 4 == 1) {
      return false;
    }
    out.ensure(length / 4 * 3 + 3);
    byte[] bytes = out.bytes;
    int put = out.size;
    int bits = 0;
    int count = 0;
    boolean standard = false;
    boolean forUrls = false;
    for (int i = from; i < end; i++) {
      byte digit = in[i];
      int value = DECODE[digit & 0xff];
      if (value < 0) {
        return false;
      }
      if (value >= 62) {
        standard |= digit == '+' || digit == '/';
        forUrls |= digit == '-' || digit == '_';
      }
      bits = bits << 6 | value;
      if (++count == 4) {
        bytes[put] = (byte) (bits >> 16);
        bytes[put + 1] = (byte) (bits >> 8);
        bytes[put + 2] = (byte) bits;
        put += 3;
        count = 0;
      }
    }
    if (count == 2) {
      bytes[put++] = (byte) (bits >> 4);
    } else if (count == 3) {
      bytes[put++] = (byte) (bits >> 10);
      bytes[put++] = (byte) (bits >> 2);
    }
    out.size = put;
    return !(standard && forUrls);
  }

  /** Appends the digits of a range of bytes, padded. */
  static void encode(byte[] in, int from, int to, CodecBuffer out) throws CodecException {
    // Four digits for three bytes; the most that can be asked for is a bound of the buffer.
    out.ensure((int) Math.min(Integer.MAX_VALUE, ((long) to - from + 2) / 3 * 4));
    byte[] bytes = out.bytes;
    int put = out.size;
    int at = from;
    for (; at + 2 < to; at += 3) {
      int bits = (in[at] & 0xff) << 16 | (in[at + 1] & 0xff) << 8 | (in[at + 2] & 0xff);
      bytes[put] = ENCODE[bits >> 18];
      bytes[put + 1] = ENCODE[bits >> 12 & 63];
      bytes[put + 2] = ENCODE[bits >> 6 & 63];
      bytes[put + 3] = ENCODE[bits & 63];
      put += 4;
    }
    int left = to - at;
    if (left > 0) {
      int bits = (in[at] & 0xff) << 16 | (left == 2 ? (in[at + 1] & 0xff) << 8 : 0);
      bytes[put] = ENCODE[bits >> 18];
      bytes[put + 1] = ENCODE[bits >> 12 & 63];
      bytes[put + 2] = left == 2 ? ENCODE[bits >> 6 & 63] : (byte) '=';
      bytes[put + 3] = '=';
      put += 4;
    }
    out.size = put;
  }
}
