package dev.holdfast.gateway.http2.hpack;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.util.AsciiString;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A reader and writer of HPACK's Huffman code that knows each code as a text of zeros and ones,
 * taken from what Netty's encoder writes: an implementation that shares nothing with ours.
 */
final class SingleBits {
  private static final int SYMBOLS = 256;

  /** A symbol is written so often that what is left over is its padding. */
  private static final int TIMES = 8;

  private static final int PREFIX_SYMBOLS = 96;
  private static final int PREFIX_BITS = 5;

  private final String[] codes = new String[SYMBOLS];
  private final Node root = new Node();

  /** A node of the tree of codes. */
  private static final class Node {
    final @Nullable Node[] next = new @Nullable Node[2];

    /** The symbol whose code ends here; -1 for none. */
    int symbol = -1;
  }

  static SingleBits ofNetty() {
    SingleBits all = new SingleBits();
    for (int symbol = 0; symbol < SYMBOLS; symbol++) {
      all.put(symbol, code(symbol));
    }
    return all;
  }

  private void put(int symbol, String code) {
    codes[symbol] = code;
    Node node = root;
    for (int i = 0; i < code.length(); i++) {
      int bit = code.charAt(i) - '0';
      Node next = node.next[bit];
      if (next == null) {
        next = new Node();
        node.next[bit] = next;
      }
      node = next;
    }
    node.symbol = symbol;
  }

  /** The code of a symbol, whose text is behind so much short code that Netty takes Huffman's. */
  private static String code(int symbol) {
    byte[] text = new byte[PREFIX_SYMBOLS + TIMES];
    Arrays.fill(text, 0, PREFIX_SYMBOLS, (byte) '0');
    Arrays.fill(text, PREFIX_SYMBOLS, text.length, (byte) symbol);
    String bits = bits(nettyEncoded(new AsciiString(text))).substring(PREFIX_SYMBOLS * PREFIX_BITS);
    return bits.substring(0, bits.length() / TIMES);
  }

  private static byte[] nettyEncoded(AsciiString text) {
    DefaultHttp2HeadersEncoder encoder =
        new DefaultHttp2HeadersEncoder((name, value) -> true, true, SYMBOLS, 0);
    ByteBuf out = Unpooled.buffer();
    try {
      encoder.encodeHeaders(1, new DefaultHttp2Headers(false).add("age", text), out);
    } catch (Http2Exception e) {
      throw new IllegalStateException(e);
    }
    // Never indexed with the name of an index of two bytes, then a length of one byte.
    out.skipBytes(3);
    byte[] encoded = new byte[out.readableBytes()];
    out.readBytes(encoded);
    return encoded;
  }

  private static String bits(byte[] bytes) {
    StringBuilder text = new StringBuilder();
    for (byte each : bytes) {
      text.append(Integer.toBinaryString(Byte.toUnsignedInt(each) | SYMBOLS).substring(1));
    }
    return text.toString();
  }

  byte[] encode(byte[] text) {
    StringBuilder bits = new StringBuilder();
    for (byte each : text) {
      bits.append(codes[Byte.toUnsignedInt(each)]);
    }
    while (bits.length() % Byte.SIZE != 0) {
      bits.append('1');
    }
    byte[] encoded = new byte[bits.length() / Byte.SIZE];
    for (int i = 0; i < encoded.length; i++) {
      String each = bits.substring(i * Byte.SIZE, (i + 1) * Byte.SIZE);
      encoded[i] = (byte) Integer.parseInt(each, 2);
    }
    return encoded;
  }

  /** The text; null if it is malformed. */
  byte @Nullable [] decode(byte[] encoded) {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    Node node = root;
    int bits = 0;
    boolean ones = true;
    for (int i = 0; i < encoded.length * Byte.SIZE; i++) {
      int bit = encoded[i / Byte.SIZE] >> (Byte.SIZE - 1 - i % Byte.SIZE) & 1;
      Node next = node.next[bit];
      if (next == null) {
        return null;
      }
      node = next;
      bits++;
      ones &= bit == 1;
      if (node.symbol >= 0) {
        text.write(node.symbol);
        node = root;
        bits = 0;
        ones = true;
      }
    }
    return bits < Byte.SIZE && ones ? text.toByteArray() : null;
  }
}
