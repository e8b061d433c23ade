package dev.holdfast.gateway.http2.codec;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** Frames as bytes, with any length, flag and field: also those that no library would write. */
final class CaseFrames {
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int PRIORITY = 2;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PUSH_PROMISE = 5;
  static final int PING = 6;
  static final int GOAWAY = 7;
  static final int WINDOW_UPDATE = 8;
  static final int CONTINUATION = 9;
  static final int UNKNOWN = 0x42;

  static final int NONE = 0;
  static final int ACK = 1;
  static final int END_STREAM = 1;
  static final int END_HEADERS = 4;
  static final int PADDED = 8;
  static final int HAS_PRIORITY = 32;
  static final int UNDEFINED_FLAGS = 0xd2;

  static final int LARGEST_PAYLOAD_BYTES = 16_384;
  static final long LARGEST_WINDOW_BYTES = Integer.MAX_VALUE;

  private static final int HEAD_BYTES = 9;
  private static final int SEVEN_BITS = 0x7f;
  private static final int MORE = 0x80;

  private CaseFrames() {}

  /** A frame whose length is that of its payload. */
  static byte[] frame(int type, int flags, int id, byte[]... payload) {
    byte[] whole = join(payload);
    return frameOfLength(whole.length, type, flags, id, whole);
  }

  /** A frame with a length that may be wrong. */
  static byte[] frameOfLength(int length, int type, int flags, int id, byte[] payload) {
    return ByteBuffer.allocate(HEAD_BYTES + payload.length)
        .put((byte) (length >> 16))
        .putShort((short) length)
        .put((byte) type)
        .put((byte) flags)
        .putInt(id)
        .put(payload)
        .array();
  }

  static byte[] data(int id, int flags, String text) {
    return frame(DATA, flags, id, text(text));
  }

  /** DATA with so many padding bytes of its own or another frame's kind. */
  static byte[] padded(int type, int flags, int id, int padding, byte[] payload) {
    return frame(type, flags | PADDED, id, bytes(padding), payload, new byte[padding]);
  }

  /** A whole header block in one frame. */
  static byte[] headers(int id, int flags, byte[] block) {
    return frame(HEADERS, flags | END_HEADERS, id, block);
  }

  static byte[] reset(int id, long code) {
    return frame(RST_STREAM, NONE, id, word(code));
  }

  static byte[] priority(int id, int dependency) {
    return frame(PRIORITY, NONE, id, word(dependency), bytes(15));
  }

  /** SETTINGS with an identifier and a value in turn. */
  static byte[] settings(long... identifiersAndValues) {
    ByteBuffer payload = ByteBuffer.allocate(3 * identifiersAndValues.length);
    for (int i = 0; i < identifiersAndValues.length; i += 2) {
      payload.putShort((short) identifiersAndValues[i]).putInt((int) identifiersAndValues[i + 1]);
    }
    return frame(SETTINGS, NONE, 0, payload.array());
  }

  static byte[] ping(long payload) {
    return frame(PING, NONE, 0, ByteBuffer.allocate(Long.BYTES).putLong(payload).array());
  }

  static byte[] goAway(int last, long code) {
    return frame(GOAWAY, NONE, 0, word(last), word(code));
  }

  static byte[] windowUpdate(int id, long increment) {
    return frame(WINDOW_UPDATE, NONE, id, word(increment));
  }

  static byte[] push(int id, int promised, byte[] block) {
    return frame(PUSH_PROMISE, END_HEADERS, id, word(promised), block);
  }

  /** A header block of literals without indexing and Huffman code: names and values in turn. */
  static byte[] block(String... namesAndValues) {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      block.write(0);
      block.writeBytes(literal(namesAndValues[i]));
      block.writeBytes(literal(namesAndValues[i + 1]));
    }
    return block.toByteArray();
  }

  /** The headers of a request, and fields behind them: names and values in turn. */
  static byte[] request(String... more) {
    return join(
        block(":method", "POST", ":scheme", "http", ":path", "/", ":authority", "a"), block(more));
  }

  /** The headers of a response, and fields behind them: names and values in turn. */
  static byte[] response(String... more) {
    return join(block(":status", "200"), block(more));
  }

  private static byte[] literal(String text) {
    byte[] bytes = text(text);
    ByteArrayOutputStream literal = new ByteArrayOutputStream();
    if (bytes.length < SEVEN_BITS) {
      literal.write(bytes.length);
    } else {
      int rest = bytes.length - SEVEN_BITS;
      literal.write(SEVEN_BITS);
      for (; rest > SEVEN_BITS; rest >>= 7) {
        literal.write(MORE | rest);
      }
      literal.write(rest);
    }
    literal.writeBytes(bytes);
    return literal.toByteArray();
  }

  static byte[] word(long value) {
    return ByteBuffer.allocate(Integer.BYTES).putInt((int) value).array();
  }

  static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  static byte[] text(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Bytes in hexadecimal; spaces are for the eye. */
  static byte[] hex(String digits) {
    return HexFormat.of().parseHex(digits.replace(" ", ""));
  }

  static byte[] join(byte[]... parts) {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    for (byte[] each : parts) {
      whole.writeBytes(each);
    }
    return whole.toByteArray();
  }
}
