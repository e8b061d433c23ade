package dev.holdfast.duplex.conformance.wire;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The fields of a header or a handshake value, by number: varints and byte strings in the one
 * spelling that the protocol allows. Not thread-safe.
 */
public final class WireFields {
  private static final int PAYLOAD_BITS = 7;
  private static final int CONTINUES = 0x80;
  private static final int PAYLOAD = 0x7f;
  private static final int TYPE_BITS = 3;
  private static final int VARINT = 0;
  private static final int LENGTH_DELIMITED = 2;
  private static final int LONGEST_VARINT = 9;

  private final Map<Integer, Object> values = new TreeMap<>();

  /** Sets a varint; zero is absent on the wire. */
  public WireFields put(int number, long value) {
    values.put(number, value);
    return this;
  }

  /** Sets a byte string; an empty one is absent on the wire. */
  public WireFields put(int number, byte[] value) {
    values.put(number, value.clone());
    return this;
  }

  /** The varint of a field; 0 when absent. */
  public long number(int number) {
    return values.get(number) instanceof Long value ? value : 0;
  }

  /** The byte string of a field; empty when absent. */
  public byte[] bytes(int number) {
    return values.get(number) instanceof byte[] value ? value.clone() : new byte[0];
  }

  /** The bytes of all fields that are not zero or empty, ascending. */
  public byte[] encode() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    values.forEach(
        (number, value) -> {
          if (value instanceof byte[] bytes && bytes.length > 0) {
            varint(out, (long) number << TYPE_BITS | LENGTH_DELIMITED);
            varint(out, bytes.length);
            out.writeBytes(bytes);
          } else if (value instanceof Long varint && varint != 0) {
            varint(out, (long) number << TYPE_BITS);
            varint(out, varint);
          }
        });
    return out.toByteArray();
  }

  /**
   * Reads fields.
   *
   * @param byteFields the numbers of the fields that are byte strings
   * @param highest the highest number of a field that is known
   * @throws IllegalArgumentException when the spelling is not the one that the protocol allows
   */
  public static WireFields decode(byte[] bytes, Set<Integer> byteFields, int highest) {
    WireFields fields = new WireFields();
    Cursor in = new Cursor(bytes);
    int before = 0;
    while (in.at < bytes.length) {
      long key = in.varint();
      int number = (int) (key >>> TYPE_BITS);
      int type = (int) (key & ((1 << TYPE_BITS) - 1));
      int expected = byteFields.contains(number) ? LENGTH_DELIMITED : VARINT;
      if (number <= before || number > highest || type != expected) {
        throw new IllegalArgumentException(
            "field %d of type %d after %d (expected: ascending, known, type %d)"
                .formatted(number, type, before, expected));
      }
      before = number;
      long value = in.varint();
      if (value == 0) {
        throw new IllegalArgumentException("field " + number + ": 0 (expected: absent)");
      }
      if (type == VARINT) {
        fields.put(number, value);
      } else {
        fields.put(number, in.take(value));
      }
    }
    return fields;
  }

  private static void varint(ByteArrayOutputStream out, long value) {
    long rest = value;
    while (rest > PAYLOAD) {
      out.write((int) (rest & PAYLOAD) | CONTINUES);
      rest >>>= PAYLOAD_BITS;
    }
    out.write((int) rest);
  }

  /** A position in bytes that are read once. */
  private static final class Cursor {
    private final byte[] bytes;
    private int at;

    Cursor(byte[] bytes) {
      this.bytes = bytes;
    }

    long varint() {
      long value = 0;
      for (int i = 0; i < LONGEST_VARINT; i++) {
        if (at == bytes.length) {
          throw new IllegalArgumentException("varint is cut off");
        }
        int each = bytes[at++];
        value |= (long) (each & PAYLOAD) << (i * PAYLOAD_BITS);
        if ((each & CONTINUES) == 0) {
          if (each == 0 && i > 0) {
            throw new IllegalArgumentException("varint is not the shortest");
          }
          return value;
        }
      }
      throw new IllegalArgumentException("varint of 2^63 or more");
    }

    byte[] take(long length) {
      if (length > bytes.length - at) {
        throw new IllegalArgumentException("byte string is cut off");
      }
      int from = at;
      at += (int) length;
      return Arrays.copyOfRange(bytes, from, at);
    }
  }
}
