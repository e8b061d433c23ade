package dev.holdfast.gateway.http2.hpack;

import static io.netty.handler.codec.http2.Http2Error.COMPRESSION_ERROR;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.util.AsciiString;
import io.netty.util.concurrent.FastThreadLocal;

/** A reader of the representations of one header block (RFC 7541, 6), which it copies first. */
final class HeaderBlockReader {
  private static final int REUSED_BYTES = 8_192;

  /** The bytes of one block and of one decoded string, of all readers of a thread. */
  private static final FastThreadLocal<byte[]> REUSED =
      new FastThreadLocal<>() {
        @Override
        protected byte[] initialValue() {
          return new byte[REUSED_BYTES];
        }
      };

  private static final int HUFFMAN = 0x80;
  private static final int LENGTH_BITS = 7;
  private static final int MORE = 0x80;
  private static final int SEVEN_BITS = 0x7f;

  /** The shift of the last byte of an integer: leading zeros are allowed, but not without end. */
  private static final int LAST_SHIFT = 56;

  private final byte[] bytes;
  private final int end;
  private int at;

  /** Creates a reader of all readable bytes, which are taken from the buffer. */
  HeaderBlockReader(ByteBuf block) {
    this.end = block.readableBytes();
    int most = end + HuffmanCode.maxDecodedLength(end);
    byte[] reused = REUSED.get();
    this.bytes = most <= reused.length ? reused : new byte[most];
    block.readBytes(bytes, 0, end);
  }

  boolean isAtEnd() {
    return at == end;
  }

  /** The first byte of the next representation; there must be one. */
  int peek() {
    return bytes[at];
  }

  /** Reads an integer with a prefix of some bits (RFC 7541, 5.1). */
  int integer(int prefixBits) throws Http2Exception {
    if (at == end) {
      throw incomplete();
    }
    int most = (1 << prefixBits) - 1;
    int first = bytes[at++] & most;
    return first < most ? first : continued(first);
  }

  private int continued(int first) throws Http2Exception {
    long value = first;
    for (int shift = 0; shift <= LAST_SHIFT; shift += LENGTH_BITS) {
      if (at == end) {
        throw incomplete();
      }
      int next = bytes[at++];
      value += (long) (next & SEVEN_BITS) << Math.min(shift, Integer.SIZE);
      if (value > Integer.MAX_VALUE) {
        break;
      }
      if ((next & MORE) == 0) {
        return (int) value;
      }
    }
    throw malformed("an integer is too large");
  }

  /** Reads a string (RFC 7541, 5.2). */
  AsciiString string() throws Http2Exception {
    boolean huffman = at < end && (bytes[at] & HUFFMAN) != 0;
    int length = integer(LENGTH_BITS);
    if (length > end - at) {
      throw incomplete();
    }
    int from = at;
    at += length;
    if (length == 0) {
      return AsciiString.EMPTY_STRING;
    }
    if (!huffman) {
      return new AsciiString(bytes, from, length, true);
    }
    int decoded = HuffmanCode.decode(bytes, from, length, bytes, end);
    if (decoded == HuffmanCode.MALFORMED) {
      throw malformed("a string is not well encoded");
    }
    return new AsciiString(bytes, end, decoded, true);
  }

  static Http2Exception malformed(String what) {
    return Http2Exception.connectionError(COMPRESSION_ERROR, "header block: %s", what);
  }

  private static Http2Exception incomplete() {
    return malformed("it ends within a field");
  }
}
