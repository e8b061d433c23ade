package dev.holdfast.streams.wire;

/** The varint encoding of protobuf's wire format, for values of 0 and more. */
final class Varints {
  static final int WIRE_TYPE_BITS = 3;
  static final int VARINT = 0;
  static final int LENGTH_DELIMITED = 2;

  /** The longest encoding of a non-negative value: nine times seven bits. */
  static final int VARINT_BYTES = 9;

  private static final int BITS = 7;
  private static final int MORE = 0x80;

  private Varints() {}

  static int sizeOf(long value) {
    int significant = Long.SIZE - Long.numberOfLeadingZeros(value | 1);
    return (significant + BITS - 1) / BITS;
  }

  /** Returns the offset behind it. */
  static int write(long value, byte[] out, int offset) {
    int at = offset;
    long rest = value;
    while (rest >= MORE) {
      out[at++] = (byte) (rest | MORE);
      rest >>>= BITS;
    }
    out[at++] = (byte) rest;
    return at;
  }
}
