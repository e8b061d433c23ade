package dev.holdfast.gateway.http2.hpack;

import io.netty.buffer.ByteBuf;
import io.netty.util.AsciiString;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.Arrays;

/**
 * A writer of the representations of one header block (RFC 7541, 6) to an array, which goes to its
 * buffer as a whole. Strings are written without Huffman code: it would cost more than the bytes
 * that it saves. One per thread, for one block after the other.
 */
final class HeaderBlockWriter {
  private static final int REUSED_BYTES = 8_192;

  private static final FastThreadLocal<HeaderBlockWriter> OF_THREAD =
      new FastThreadLocal<>() {
        @Override
        protected HeaderBlockWriter initialValue() {
          return new HeaderBlockWriter();
        }
      };

  private static final int INDEXED = 0x80;
  private static final int INDEXED_BITS = 7;
  private static final int ADDED = 0x40;
  private static final int ADDED_BITS = 6;
  private static final int RESIZE = 0x20;
  private static final int RESIZE_BITS = 5;
  private static final int NEVER_INDEXED = 0x10;
  private static final int LITERAL_BITS = 4;
  private static final int LENGTH_BITS = 7;
  private static final int MORE = 0x80;
  private static final int SEVEN_BITS = 0x7f;

  /** The longest encoding of an integer: its prefix, and seven bits in each further byte. */
  private static final int INTEGER_BYTES = 6;

  private byte[] bytes = new byte[REUSED_BYTES];
  private int at;

  private HeaderBlockWriter() {}

  /** The writer of this thread, for another block. */
  static HeaderBlockWriter begin() {
    HeaderBlockWriter writer = OF_THREAD.get();
    writer.at = 0;
    return writer;
  }

  /** Appends the block to a buffer. */
  void finish(ByteBuf out) {
    out.writeBytes(bytes, 0, at);
    if (bytes.length > REUSED_BYTES) {
      bytes = new byte[REUSED_BYTES];
    }
  }

  /** Writes a reference to a field of a table. */
  void indexed(int index) {
    reserve(INTEGER_BYTES);
    integer(INDEXED, INDEXED_BITS, index);
  }

  /** Writes a field that enters the peer's table. */
  void added(int nameIndex, AsciiString name, AsciiString value) {
    literal(ADDED, ADDED_BITS, nameIndex, name, value);
  }

  /** Writes a field that doesn't enter the peer's table. */
  void unindexed(int nameIndex, AsciiString name, AsciiString value) {
    literal(0, LITERAL_BITS, nameIndex, name, value);
  }

  /** Writes a field that doesn't enter any table on its way (RFC 7541, 6.2.3). */
  void neverIndexed(int nameIndex, AsciiString name, AsciiString value) {
    literal(NEVER_INDEXED, LITERAL_BITS, nameIndex, name, value);
  }

  /** Writes a new capacity of the peer's table in bytes. */
  void resize(int capacity) {
    reserve(INTEGER_BYTES);
    integer(RESIZE, RESIZE_BITS, capacity);
  }

  /**
   * @param nameIndex of a field with the same name; 0 for none
   */
  private void literal(
      int kind, int prefixBits, int nameIndex, AsciiString name, AsciiString value) {
    reserve(name.length() + value.length() + 3 * INTEGER_BYTES);
    integer(kind, prefixBits, nameIndex);
    if (nameIndex == 0) {
      string(name);
    }
    string(value);
  }

  private void string(AsciiString text) {
    int length = text.length();
    integer(0, LENGTH_BITS, length);
    System.arraycopy(text.array(), text.arrayOffset(), bytes, at, length);
    at += length;
  }

  /** Writes an integer with a prefix of some bits (RFC 7541, 5.1) behind the bits of its kind. */
  private void integer(int kind, int prefixBits, int value) {
    int most = (1 << prefixBits) - 1;
    if (value < most) {
      bytes[at++] = (byte) (kind | value);
      return;
    }
    bytes[at++] = (byte) (kind | most);
    int rest = value - most;
    while (rest > SEVEN_BITS) {
      bytes[at++] = (byte) (MORE | (rest & SEVEN_BITS));
      rest >>>= LENGTH_BITS;
    }
    bytes[at++] = (byte) rest;
  }

  private void reserve(int more) {
    if (more > bytes.length - at) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, at + more));
    }
  }
}
