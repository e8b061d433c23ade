package dev.holdfast.transcoding.json;

import java.nio.charset.StandardCharsets;

/** Prints single values that are no messages. */
final class ScalarWriter {
  private static final byte[] TRUE = "true".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] FALSE = "false".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] NULL = "null".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] NAN = "\"NaN\"".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] INFINITY = "\"Infinity\"".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] MINUS_INFINITY = "\"-Infinity\"".getBytes(StandardCharsets.US_ASCII);

  private ScalarWriter() {}

  /** Whether a value of the field is printed with quotes, when it is a key of a map. */
  static boolean isQuoted(FieldPlan field) {
    return switch (field.descriptor.getJavaType()) {
      case STRING, LONG -> true;
      default -> false;
    };
  }

  /**
   * Prints the value here; prints nothing for an omitted zero or an unknown value of a closed enum.
   */
  static void write(JsonWriter in, FieldPlan field, int to, boolean omitZero)
      throws CodecException {
    switch (field.type) {
      case STRING -> string(in, to, omitZero);
      case BYTES -> bytes(in, to, omitZero);
      case BOOL -> {
        boolean value = in.varint(to) != 0;
        if (value || !omitZero) {
          in.out.put(value ? TRUE : FALSE);
        }
      }
      case ENUM -> enumeration(in, field, (int) in.varint(to), omitZero);
      case INT32 -> {
        int value = (int) in.varint(to);
        narrow(in, value, omitZero);
      }
      case SINT32 -> {
        int value = (int) in.varint(to);
        narrow(in, value >>> 1 ^ -(value & 1), omitZero);
      }
      case UINT32 -> narrow(in, in.varint(to) & 0xffff_ffffL, omitZero);
      case SFIXED32 -> narrow(in, in.fixed32(to), omitZero);
      case FIXED32 -> narrow(in, in.fixed32(to) & 0xffff_ffffL, omitZero);
      case INT64 -> wide(in, in.varint(to), omitZero);
      case SINT64 -> {
        long value = in.varint(to);
        wide(in, value >>> 1 ^ -(value & 1), omitZero);
      }
      case SFIXED64 -> wide(in, in.fixed64(to), omitZero);
      case UINT64 -> unsigned(in, in.varint(to), omitZero);
      case FIXED64 -> unsigned(in, in.fixed64(to), omitZero);
      case DOUBLE -> {
        double value = Double.longBitsToDouble(in.fixed64(to));
        if (!omitZero || Double.doubleToRawLongBits(value) != 0) {
          decimal(in, value);
        }
      }
      case FLOAT -> {
        float value = Float.intBitsToFloat(in.fixed32(to));
        if (!Float.isFinite(value)) {
          decimal(in, value);
        } else if (!omitZero || Float.floatToRawIntBits(value) != 0) {
          JsonFormatter.decimal(value, in.out);
        }
      }
      default -> throw new IllegalStateException("no scalar: " + field.name);
    }
  }

  private static void string(JsonWriter in, int to, boolean omitEmpty) throws CodecException {
    int end = in.endOfPart(to);
    if (end > in.pos || !omitEmpty) {
      if (!JsonFormatter.string(in.in, in.pos, end, in.out)) {
        throw in.failure("invalid UTF-8 in a string (expected: UTF-8)");
      }
    }
    in.pos = end;
  }

  private static void bytes(JsonWriter in, int to, boolean omitEmpty) throws CodecException {
    int end = in.endOfPart(to);
    if (end > in.pos || !omitEmpty) {
      in.out.put((byte) '"');
      Base64Text.encode(in.in, in.pos, end, in.out);
      in.out.put((byte) '"');
    }
    in.pos = end;
  }

  private static void enumeration(JsonWriter in, FieldPlan field, int number, boolean omitZero)
      throws CodecException {
    if (number == 0 && omitZero) {
      return;
    }
    EnumTable enums = field.enums();
    byte[] name = enums.quotedName(number);
    if (name == null && enums.closed) {
      return;
    }
    if (field.nullIsValue) {
      in.out.put(NULL);
    } else if (name == null || in.enumsAsNumbers()) {
      JsonFormatter.integer(number, in.out);
    } else {
      in.out.put(name);
    }
  }

  private static void narrow(JsonWriter in, long value, boolean omitZero) throws CodecException {
    if (value != 0 || !omitZero) {
      JsonFormatter.integer(value, in.out);
    }
  }

  private static void wide(JsonWriter in, long value, boolean omitZero) throws CodecException {
    if (value != 0 || !omitZero) {
      in.out.put((byte) '"');
      JsonFormatter.integer(value, in.out);
      in.out.put((byte) '"');
    }
  }

  private static void unsigned(JsonWriter in, long value, boolean omitZero) throws CodecException {
    if (value != 0 || !omitZero) {
      in.out.put((byte) '"');
      JsonFormatter.unsigned(value, in.out);
      in.out.put((byte) '"');
    }
  }

  private static void decimal(JsonWriter in, double value) throws CodecException {
    if (Double.isNaN(value)) {
      in.out.put(NAN);
    } else if (Double.isInfinite(value)) {
      in.out.put(value > 0 ? INFINITY : MINUS_INFINITY);
    } else {
      JsonFormatter.decimal(value, in.out);
    }
  }
}
