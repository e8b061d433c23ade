package dev.holdfast.streams.wire;

import dev.holdfast.streams.internal.Handshake;
import dev.holdfast.streams.wire.WireException.WireViolation;
import java.util.Arrays;

/**
 * A reader of protobuf fields in ascending order, each once and in its shortest encoding. Each
 * value has a single valid encoding, so a parsed value has the length of its encoding.
 */
final class WireReader {
  private static final int BITS = 7;
  private static final int LOW_BITS = 0x7f;
  private static final int WIRE_TYPE_MASK = 7;

  private final byte[] bytes;
  private final int end;
  private int at;
  private int field;
  private int wireType;

  WireReader(byte[] bytes, int offset, int length) {
    this.bytes = bytes;
    this.at = offset;
    this.end = offset + length;
  }

  /** Moves to the next field; false at the end. */
  boolean next() throws WireException {
    if (at == end) {
      return false;
    }
    int key = bytes[at++];
    // One byte: the protocol's own fields have numbers up to 15.
    int number = key >>> Varints.WIRE_TYPE_BITS;
    if (key < 0 || number == 0) {
      throw new WireException(WireViolation.UNKNOWN_FIELD, "key " + (key & 0xff));
    }
    if (number <= field) {
      throw new WireException(WireViolation.NOT_CANONICAL, "field " + number + " after " + field);
    }
    field = number;
    wireType = key & WIRE_TYPE_MASK;
    return true;
  }

  int field() {
    return field;
  }

  /** The varint of this field, from 1 to {@code most}: what is zero is absent. */
  long varint(long most) throws WireException {
    expect(Varints.VARINT);
    long value = raw();
    if (value == 0) {
      throw new WireException(WireViolation.NOT_CANONICAL, "field " + field + " is zero");
    }
    if (value > most) {
      throw new WireException(
          WireViolation.BAD_VALUE, "field " + field + ": " + value + " > " + most);
    }
    return value;
  }

  /** The bytes of this field, from 1 to {@code most} of them. */
  byte[] bytes(int most) throws WireException {
    expect(Varints.LENGTH_DELIMITED);
    long length = raw();
    if (length == 0) {
      throw new WireException(WireViolation.NOT_CANONICAL, "field " + field + " is empty");
    }
    if (length > most) {
      throw new WireException(
          WireViolation.TOO_LONG, "field " + field + ": " + length + " > " + most);
    }
    if (length > end - at) {
      throw new WireException(WireViolation.TRUNCATED, "field " + field);
    }
    at += (int) length;
    return Arrays.copyOfRange(bytes, at - (int) length, at);
  }

  WireException unknownField() {
    return new WireException(WireViolation.UNKNOWN_FIELD, "field " + field);
  }

  private void expect(int type) throws WireException {
    if (wireType != type) {
      throw new WireException(
          WireViolation.UNKNOWN_FIELD, "field " + field + " of type " + wireType);
    }
  }

  private long raw() throws WireException {
    long value = 0;
    for (int i = 0; i < Varints.VARINT_BYTES; i++) {
      if (at == end) {
        throw new WireException(WireViolation.TRUNCATED, "field " + field);
      }
      byte next = bytes[at++];
      value |= (long) (next & LOW_BITS) << (i * BITS);
      if (next >= 0) {
        if (next == 0 && i > 0) {
          throw new WireException(
              WireViolation.NOT_CANONICAL, "field " + field + " is not the shortest");
        }
        return value;
      }
    }
    throw new WireException(WireViolation.BAD_VALUE, "field " + field + " is larger than 2^63-1");
  }

  /** A reader behind the version, which is the first field of each value. */
  static WireReader openHandshake(byte[] bytes) throws WireException {
    return open(bytes, Handshake.MAX_BYTES);
  }

  /** As {@link #openHandshake}, for a value of at most {@code most} bytes. */
  static WireReader open(byte[] bytes, int most) throws WireException {
    if (bytes.length > most) {
      throw new WireException(WireViolation.TOO_LONG, bytes.length + " bytes > " + most);
    }
    WireReader in = new WireReader(bytes, 0, bytes.length);
    if (!in.next() || in.field() != 1) {
      throw new WireException(WireViolation.BAD_VALUE, "no version");
    }
    long version = in.varint(Integer.MAX_VALUE);
    if (version != Handshake.VERSION) {
      throw new WireException(
          WireViolation.BAD_VALUE, "version " + version + " (expected: " + Handshake.VERSION + ")");
    }
    return in;
  }

  static void require(boolean holds, String what) throws WireException {
    if (!holds) {
      throw new WireException(WireViolation.BAD_VALUE, what);
    }
  }
}
