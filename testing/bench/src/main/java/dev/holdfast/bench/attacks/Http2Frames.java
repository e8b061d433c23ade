package dev.holdfast.bench.attacks;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The HTTP/2 frames of attacks as bytes, built before an attack begins. */
final class Http2Frames {
  static final int HEAD_BYTES = 9;
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int PRIORITY = 2;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PING = 6;
  static final int GOAWAY = 7;
  static final int WINDOW_UPDATE = 8;
  static final int UNKNOWN = 0x42;
  static final int END_STREAM = 1;
  static final int ACK = 1;
  static final int END_HEADERS = 4;
  static final int INITIAL_WINDOW_SIZE = 4;
  static final int CANCEL = 8;

  private static final int STREAM_AT = 5;

  private Http2Frames() {}

  static byte[] preface() {
    return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
  }

  static byte[] frame(int type, int flags, int stream, byte[] payload) {
    return ByteBuffer.allocate(HEAD_BYTES + payload.length)
        .put(new byte[] {(byte) (payload.length >> 16), (byte) (payload.length >> 8)})
        .put(new byte[] {(byte) payload.length, (byte) type, (byte) flags})
        .putInt(stream)
        .put(payload)
        .array();
  }

  static byte[] number(int value) {
    return ByteBuffer.allocate(Integer.BYTES).putInt(value).array();
  }

  static byte[] windowUpdate(int stream, int more) {
    return frame(WINDOW_UPDATE, 0, stream, number(more));
  }

  /** The header block of a gRPC call; nothing in it changes a table of HPACK. */
  static byte[] call(String path, String... more) {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    // :method POST, :scheme http
    block.write(0x83);
    block.write(0x86);
    literal(block, ":path", path);
    literal(block, ":authority", "attacked");
    literal(block, "content-type", "application/grpc");
    literal(block, "te", "trailers");
    for (int i = 0; i < more.length; i += 2) {
      literal(block, more[i], more[i + 1]);
    }
    return block.toByteArray();
  }

  /** A block of one header. */
  static byte[] block(String name, String value) {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    literal(block, name, value);
    return block.toByteArray();
  }

  /** The length prefix of a gRPC message that claims the given length. */
  static byte[] prefix(int length) {
    return ByteBuffer.allocate(1 + Integer.BYTES).put((byte) 0).putInt(length).array();
  }

  /** Some frames of one stream, many times. */
  static byte[] repeated(byte[] frames, int times) {
    byte[] all = new byte[frames.length * times];
    for (int i = 0; i < times; i++) {
      System.arraycopy(frames, 0, all, i * frames.length, frames.length);
    }
    return all;
  }

  static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  /** Gives all frames from an index up to another one a stream. */
  static void move(byte[] frames, int from, int to, int stream) {
    int at = from;
    while (at < to) {
      int length =
          (frames[at] & 0xff) << 16 | (frames[at + 1] & 0xff) << 8 | (frames[at + 2] & 0xff);
      ByteBuffer.wrap(frames).putInt(at + STREAM_AT, stream);
      at += HEAD_BYTES + length;
    }
  }

  private static void literal(ByteArrayOutputStream block, String name, String value) {
    block.write(0);
    text(block, name);
    text(block, value);
  }

  private static void text(ByteArrayOutputStream block, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    if (bytes.length > 126) {
      throw new IllegalArgumentException("length: " + bytes.length + " (expected: <= 126)");
    }
    block.write(bytes.length);
    block.writeBytes(bytes);
  }
}
