package dev.holdfast.gateway.http2.codec;

import io.netty.buffer.ByteBuf;

/** A parser of an encoded header block (RFC 7541) that does not decode its text. */
final class HeaderBlock {
  private static final int INDEXED = 0x80;
  private static final int INDEXED_BITS = 7;
  private static final int ADDED = 0x40;
  private static final int RESIZES = 0x20;
  private static final int LITERAL_BITS = 4;
  private static final int LENGTH_BITS = 7;
  private static final int MORE = 0x80;
  private static final int SEVEN_BITS = 0x7f;
  private static final int LAST_SHIFT = 21;
  private static final int BAD = -1;

  private final ByteBuf bytes;
  private final int end;
  private int at;

  private HeaderBlock(ByteBuf bytes, int from, int end) {
    this.bytes = bytes;
    this.at = from;
    this.end = end;
  }

  /**
   * Whether the block is well-formed and does not change the dynamic table. Then equal bytes mean
   * equal headers, as long as only such blocks follow.
   *
   * @param from the index of the first byte
   * @param end the index after the last byte
   */
  static boolean keepsDynamicTable(ByteBuf bytes, int from, int end) {
    return new HeaderBlock(bytes, from, end).keepsDynamicTable();
  }

  private boolean keepsDynamicTable() {
    while (at < end) {
      int first = bytes.getByte(at);
      if ((first & INDEXED) != 0) {
        if (integer(INDEXED_BITS) == BAD) {
          return false;
        }
      } else if ((first & (ADDED | RESIZES)) != 0) {
        return false;
      } else {
        int name = integer(LITERAL_BITS);
        if (name == BAD || (name == 0 && !skipText()) || !skipText()) {
          return false;
        }
      }
    }
    return true;
  }

  private boolean skipText() {
    int length = at < end ? integer(LENGTH_BITS) : BAD;
    if (length == BAD || length > end - at) {
      return false;
    }
    at += length;
    return true;
  }

  /**
   * The integer with a prefix of these bits (RFC 7541, 5.1); {@link #BAD} if it is malformed or too
   * long.
   */
  private int integer(int bits) {
    int most = (1 << bits) - 1;
    int value = bytes.getByte(at++) & most;
    if (value < most) {
      return value;
    }
    for (int shift = 0; at < end && shift <= LAST_SHIFT; shift += LENGTH_BITS) {
      int next = bytes.getByte(at++);
      value += (next & SEVEN_BITS) << shift;
      if ((next & MORE) == 0) {
        return value;
      }
    }
    return BAD;
  }
}
