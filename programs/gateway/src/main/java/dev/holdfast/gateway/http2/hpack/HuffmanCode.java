package dev.holdfast.gateway.http2.hpack;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The Huffman code of HPACK's strings (RFC 7541, 5.2 and appendix B). The code is canonical: codes
 * of one length are consecutive numbers in the order of their symbols, and a longer code is above
 * every prefix of a shorter one. So the lengths define it.
 *
 * <p>One lookup of {@link #LOOKUP_BITS} bits yields two symbols of a usual text, whose codes have 5
 * to 8 bits.
 */
final class HuffmanCode {
  /** The result for text that is not well encoded. */
  static final int MALFORMED = -1;

  /** The length of each symbol's code in bits; the last one is the end of string. */
  private static final byte[] LENGTHS = {
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5,
    6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23,
    23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20,
    22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22,
    22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26,
    27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25,
    25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30
  };

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

  private static final int END_OF_STRING = 256;
  private static final int SHORTEST = 5;
  private static final int LONGEST = 30;
  private static final int LOOKUP_BITS = 12;
  private static final int LOOKUP_SHIFT = Long.SIZE - LOOKUP_BITS;

  // A lookup: bits of all, first symbol, second symbol, bits of the first one, number of symbols.
  // The bits come first, as a shift by a lookup is one by its lowest six bits.
  private static final int BITS_MASK = 0x3f;
  private static final int FIRST_SHIFT = 8;
  private static final int SECOND_SHIFT = 16;
  private static final int FIRST_BITS_SHIFT = 24;
  private static final int COUNT_SHIFT = 28;
  private static final int NIBBLE = 0xf;

  /** The longest padding, which are the first bits of the end of string: ones (RFC 7541, 5.2). */
  private static final int PADDING_BITS = 7;

  /** The most bits in the accumulator that leave room for one more byte. */
  private static final int FULL_BITS = Long.SIZE - Byte.SIZE;

  /** The symbols in the order of their codes. */
  private static final short[] SYMBOLS = new short[LENGTHS.length];

  /** The first code of each length. */
  private static final int[] FIRST_CODES = new int[LONGEST + 1];

  /** The number of codes of each length. */
  private static final int[] COUNTS = new int[LONGEST + 1];

  /** The index in {@link #SYMBOLS} of the first symbol of each length. */
  private static final int[] FIRST_SYMBOLS = new int[LONGEST + 1];

  /** The first one or two symbols of each sequence of bits; 0 if the first code is longer. */
  private static final int[] LOOKUPS = new int[1 << LOOKUP_BITS];

  static {
    int code = 0;
    int index = 0;
    for (int length = SHORTEST; length <= LONGEST; length++) {
      code <<= 1;
      FIRST_CODES[length] = code;
      FIRST_SYMBOLS[length] = index;
      for (int symbol = 0; symbol < LENGTHS.length; symbol++) {
        if (LENGTHS[symbol] == length) {
          SYMBOLS[index++] = (short) symbol;
          COUNTS[length]++;
          code++;
        }
      }
    }
    for (int bits = 0; bits < LOOKUPS.length; bits++) {
      LOOKUPS[bits] = lookup(bits);
    }
  }

  private HuffmanCode() {}

  /** The most bytes that {@link #decode} writes for text of this length. */
  static int maxDecodedLength(int length) {
    // A lookup always writes two bytes, of which the second one may not count.
    return length * Byte.SIZE / SHORTEST + 2;
  }

  /**
   * Decodes text.
   *
   * @param out with room for {@link #maxDecodedLength} bytes; may be {@code in} if it begins after
   *     the text
   * @return the number of decoded bytes, or {@link #MALFORMED}
   */
  static int decode(byte[] in, int from, int length, byte[] out, int outFrom) {
    int end = from + length;
    int next = from;
    int written = outFrom;
    // The bits that were read and not used yet, from the highest one on; the others are 0.
    long bits = 0;
    int count = 0;
    while (true) {
      if (count <= Integer.SIZE && end - next >= Integer.BYTES) {
        bits |= Integer.toUnsignedLong((int) INT.get(in, next)) << (Integer.SIZE - count);
        next += Integer.BYTES;
        count += Integer.SIZE;
      }
      while (count <= FULL_BITS && next < end) {
        bits |= Byte.toUnsignedLong(in[next++]) << (FULL_BITS - count);
        count += Byte.SIZE;
      }
      while (count >= LOOKUP_BITS) {
        int found = LOOKUPS[(int) (bits >>> LOOKUP_SHIFT)];
        if (found == 0) {
          break;
        }
        bits <<= found;
        count -= found & BITS_MASK;
        out[written] = (byte) (found >>> FIRST_SHIFT);
        out[written + 1] = (byte) (found >>> SECOND_SHIFT);
        written += found >>> COUNT_SHIFT;
      }
      if (next < end && count < LONGEST) {
        continue;
      }
      if (count < LOOKUP_BITS) {
        break;
      }
      int found = longCode(bits, count);
      if (found == MALFORMED) {
        return MALFORMED;
      }
      out[written++] = (byte) found;
      bits <<= LENGTHS[found];
      count -= LENGTHS[found];
    }
    return tail(bits, count, out, written, outFrom);
  }

  /** Decodes the last bits, which are fewer than a lookup has, and checks the padding. */
  private static int tail(long bits, int count, byte[] out, int from, int outFrom) {
    long rest = bits;
    int left = count;
    int written = from;
    while (left >= SHORTEST) {
      int found = LOOKUPS[(int) ((rest | -1L >>> left) >>> LOOKUP_SHIFT)];
      int length = found >>> FIRST_BITS_SHIFT & NIBBLE;
      if (found == 0 || length > left) {
        break;
      }
      out[written++] = (byte) (found >>> FIRST_SHIFT);
      rest <<= length;
      left -= length;
    }
    return left <= PADDING_BITS && (rest | -1L >>> left) == -1L ? written - outFrom : MALFORMED;
  }

  /** The symbol of the code at the head of these bits, of which there are more than a lookup's. */
  private static int longCode(long bits, int count) {
    for (int length = LOOKUP_BITS + 1; length <= Math.min(count, LONGEST); length++) {
      int index = (int) (bits >>> (Long.SIZE - length)) - FIRST_CODES[length];
      if (index < COUNTS[length]) {
        int symbol = SYMBOLS[FIRST_SYMBOLS[length] + index];
        return symbol == END_OF_STRING ? MALFORMED : symbol;
      }
    }
    return MALFORMED;
  }

  private static int lookup(int bits) {
    int first = shortCode(bits, LOOKUP_BITS);
    if (first < 0) {
      return 0;
    }
    int firstBits = LENGTHS[first];
    int rest = LOOKUP_BITS - firstBits;
    int second = shortCode(bits & (1 << rest) - 1, rest);
    int all = second < 0 ? firstBits : firstBits + LENGTHS[second];
    return all
        | first << FIRST_SHIFT
        | Math.max(0, second) << SECOND_SHIFT
        | firstBits << FIRST_BITS_SHIFT
        | (second < 0 ? 1 : 2) << COUNT_SHIFT;
  }

  /** The symbol whose code is at the head of {@code count} bits; negative for none. */
  private static int shortCode(int bits, int count) {
    for (int length = SHORTEST; length <= count; length++) {
      int index = (bits >>> (count - length)) - FIRST_CODES[length];
      if (index < COUNTS[length]) {
        return SYMBOLS[FIRST_SYMBOLS[length] + index];
      }
    }
    return MALFORMED;
  }
}
