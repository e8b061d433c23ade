package dev.holdfast.bench.deploy;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;

/** The content of the messages and cursors: the stream's own number, and the message's in it. */
final class NumberedBytes {
  private NumberedBytes() {}

  static ByteString of(long stream, long number) {
    ByteBuffer bytes = ByteBuffer.allocate(2 * Long.BYTES).putLong(stream).putLong(number);
    return ByteString.copyFrom(bytes.flip());
  }

  static long stream(ByteString message) {
    return message.asReadOnlyByteBuffer().getLong();
  }

  static long number(ByteString message) {
    return message.asReadOnlyByteBuffer().getLong(Long.BYTES);
  }

  static byte[] cursor(long number) {
    return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
  }

  static long number(byte[] cursor) {
    return ByteBuffer.wrap(cursor).getLong();
  }
}
