package dev.holdfast.streams.wire;

import java.util.Arrays;

/**
 * A writer of protobuf fields in ascending order, each in its shortest encoding; zero values are
 * absent.
 */
final class WireWriter {
  private static final int INITIAL_BYTES = 64;

  private byte[] bytes = new byte[INITIAL_BYTES];
  private int length;

  WireWriter varint(int field, long value) {
    if (value != 0) {
      reserve(Varints.VARINT_BYTES + 1);
      bytes[length++] = (byte) (field << Varints.WIRE_TYPE_BITS);
      length = Varints.write(value, bytes, length);
    }
    return this;
  }

  WireWriter bytes(int field, byte[] value) {
    if (value.length > 0) {
      reserve(Varints.VARINT_BYTES + 1 + value.length);
      bytes[length++] = (byte) (field << Varints.WIRE_TYPE_BITS | Varints.LENGTH_DELIMITED);
      length = Varints.write(value.length, bytes, length);
      System.arraycopy(value, 0, bytes, length, value.length);
      length += value.length;
    }
    return this;
  }

  byte[] toByteArray() {
    return Arrays.copyOf(bytes, length);
  }

  private void reserve(int more) {
    if (length + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
    }
  }
}
