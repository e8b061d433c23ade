package dev.holdfast.bench.soak;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The messages of the soak test, which {@code go/internal/soak} writes and reads too: a number,
 * whether it is the last one of its stream, and filling whose length and content follow from the
 * number.
 */
final class SoakMessage {
  private static final int HEADER_BYTES = Long.BYTES + 1;
  private static final long STRIDE = 7_919;
  private static final int MOST_FILLING_BYTES = 2_048;

  private SoakMessage() {}

  static BytesValue of(long number, boolean last) {
    byte[] bytes = new byte[HEADER_BYTES + filling(number)];
    Arrays.fill(bytes, HEADER_BYTES, bytes.length, (byte) number);
    ByteBuffer.wrap(bytes).putLong(number).put((byte) (last ? 1 : 0));
    return BytesValue.of(ByteString.copyFrom(bytes));
  }

  /**
   * The number of a message.
   *
   * @throws IllegalArgumentException when it is not as it was written
   */
  static long number(BytesValue message) {
    ByteString bytes = message.getValue();
    long number = bytes.size() < HEADER_BYTES ? -1 : bytes.asReadOnlyByteBuffer().getLong();
    if (number < 0 || !message.equals(of(number, isLast(message)))) {
      throw new IllegalArgumentException(
          "message of %d bytes with the number %d (expected: as it was sent)"
              .formatted(bytes.size(), number));
    }
    return number;
  }

  static boolean isLast(BytesValue message) {
    return message.getValue().byteAt(Long.BYTES) != 0;
  }

  private static int filling(long number) {
    return (int) (number * STRIDE % MOST_FILLING_BYTES);
  }
}
