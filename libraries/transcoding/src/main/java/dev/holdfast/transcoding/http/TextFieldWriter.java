package dev.holdfast.transcoding.http;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import dev.holdfast.core.JsonTextWriter;
import dev.holdfast.transcoding.json.CodecBuffer;
import dev.holdfast.transcoding.json.CodecException;
import dev.holdfast.transcoding.json.JsonCodec;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Writes one value of a field from the text of a path or a query: scalars, enums by name or number,
 * wrappers, Timestamp, Duration and FieldMask as JSON has them in quotes, Value as a string.
 */
final class TextFieldWriter {
  private static final Set<String> WRAPPERS =
      Set.of(
          "google.protobuf.DoubleValue",
          "google.protobuf.FloatValue",
          "google.protobuf.Int64Value",
          "google.protobuf.UInt64Value",
          "google.protobuf.Int32Value",
          "google.protobuf.UInt32Value",
          "google.protobuf.BoolValue",
          "google.protobuf.StringValue",
          "google.protobuf.BytesValue");
  private static final Set<String> QUOTED =
      Set.of(
          "google.protobuf.Timestamp",
          "google.protobuf.Duration",
          "google.protobuf.FieldMask",
          "google.protobuf.Value");
  private static final Pattern FLOATING =
      Pattern.compile("-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?|NaN|-?Infinity");

  private final JsonCodec codec;

  TextFieldWriter(JsonCodec codec) {
    this.codec = codec;
  }

  /** Whether text can be a value of the field. */
  static boolean acceptsText(FieldDescriptor field) {
    if (field.getJavaType() != FieldDescriptor.JavaType.MESSAGE) {
      return true;
    }
    String type = field.getMessageType().getFullName();
    return WRAPPERS.contains(type) || QUOTED.contains(type);
  }

  /**
   * Writes the tag and the value of a field from text.
   *
   * @param what the name of the text in error messages
   * @throws RequestRefusedException 400 when the text is not a value of the field
   */
  void write(FieldDescriptor field, String text, String what, CodedOutputStream out)
      throws IOException {
    int number = field.getNumber();
    try {
      switch (field.getType()) {
        case DOUBLE -> out.writeDouble(number, floating(withPluses(text)));
        case FLOAT -> out.writeFloat(number, single(withPluses(text)));
        case INT32 -> out.writeInt32(number, int32(text));
        case SINT32 -> out.writeSInt32(number, int32(text));
        case SFIXED32 -> out.writeSFixed32(number, int32(text));
        case UINT32 -> out.writeUInt32(number, Integer.parseUnsignedInt(digits(text, false)));
        case FIXED32 -> out.writeFixed32(number, Integer.parseUnsignedInt(digits(text, false)));
        case INT64 -> out.writeInt64(number, Long.parseLong(digits(text, true)));
        case SINT64 -> out.writeSInt64(number, Long.parseLong(digits(text, true)));
        case SFIXED64 -> out.writeSFixed64(number, Long.parseLong(digits(text, true)));
        case UINT64 -> out.writeUInt64(number, Long.parseUnsignedLong(digits(text, false)));
        case FIXED64 -> out.writeFixed64(number, Long.parseUnsignedLong(digits(text, false)));
        case BOOL -> out.writeBool(number, bool(text));
        case STRING -> out.writeString(number, text);
        case BYTES -> out.writeByteArray(number, bytes(withPluses(text)));
        case ENUM -> out.writeEnum(number, enumNumber(field, text));
        case MESSAGE, GROUP -> writeMessage(field, text, what, out);
      }
    } catch (IllegalArgumentException e) {
      throw RequestRefusedException.badRequest(
          "%s: '%s' (expected: %s)".formatted(what, text, expected(field)));
    }
  }

  private void writeMessage(FieldDescriptor field, String text, String what, CodedOutputStream out)
      throws IOException {
    String type = field.getMessageType().getFullName();
    if (WRAPPERS.contains(type)) {
      ProtoMessageWriter inner = new ProtoMessageWriter();
      write(field.getMessageType().findFieldByNumber(1), text, what, inner.out());
      inner.writeTo(field.getNumber(), out);
      return;
    }
    if (!QUOTED.contains(type)) {
      throw new IllegalArgumentException(type);
    }
    boolean time = type.equals("google.protobuf.Timestamp");
    byte[] json =
        JsonTextWriter.quoted(time ? withPluses(text) : text).getBytes(StandardCharsets.UTF_8);
    CodecBuffer message = new CodecBuffer();
    try {
      codec.type(field.getMessageType()).toProto(json, 0, json.length, message);
    } catch (CodecException e) {
      throw RequestRefusedException.badRequest("%s: '%s': %s".formatted(what, text, e.problem()));
    }
    out.writeByteArray(field.getNumber(), message.toByteArray());
  }

  /**
   * Replaces blanks by pluses, for types whose text has no blanks: such a blank was an unescaped
   * plus.
   */
  private static String withPluses(String text) {
    return text.replace(' ', '+');
  }

  private static String digits(String text, boolean signed) {
    int start = signed && text.startsWith("-") ? 1 : 0;
    boolean sound = start < text.length();
    for (int i = start; i < text.length(); i++) {
      sound &= text.charAt(i) >= '0' && text.charAt(i) <= '9';
    }
    if (!sound) {
      throw new NumberFormatException(text);
    }
    return text;
  }

  private static int int32(String text) {
    return Integer.parseInt(digits(text, true));
  }

  private static double floating(String text) {
    double value = FLOATING.matcher(text).matches() ? Double.parseDouble(text) : missing(text);
    if (Double.isInfinite(value) && !text.endsWith("Infinity")) {
      throw new NumberFormatException(text);
    }
    return value;
  }

  private static float single(String text) {
    float value = (float) floating(text);
    if (Float.isInfinite(value) && !text.endsWith("Infinity")) {
      throw new NumberFormatException(text);
    }
    return value;
  }

  private static double missing(String text) {
    throw new NumberFormatException(text);
  }

  private static boolean bool(String text) {
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException(text);
    };
  }

  private static byte[] bytes(String text) {
    boolean url = text.indexOf('-') >= 0 || text.indexOf('_') >= 0;
    return (url ? Base64.getUrlDecoder() : Base64.getDecoder()).decode(text);
  }

  private static int enumNumber(FieldDescriptor field, String text) {
    EnumValueDescriptor named = field.getEnumType().findValueByName(text);
    if (named != null) {
      return named.getNumber();
    }
    if (field.getEnumType().getFullName().equals("google.protobuf.NullValue")
        && text.equals("null")) {
      return 0;
    }
    int number = int32(text);
    if (field.getEnumType().isClosed() && field.getEnumType().findValueByNumber(number) == null) {
      throw new IllegalArgumentException(text);
    }
    return number;
  }

  private static String expected(FieldDescriptor field) {
    return switch (field.getType()) {
      case DOUBLE, FLOAT -> "a number, NaN, Infinity or -Infinity";
      case INT32, SINT32, SFIXED32 -> "a whole number of 32 bits";
      case UINT32, FIXED32 -> "a whole number from 0 of 32 bits";
      case INT64, SINT64, SFIXED64 -> "a whole number of 64 bits";
      case UINT64, FIXED64 -> "a whole number from 0 of 64 bits";
      case BOOL -> "true or false";
      case STRING -> "text";
      case BYTES -> "base64";
      case ENUM -> "a name or number of " + field.getEnumType().getFullName();
      case MESSAGE, GROUP -> "one of the fields of " + field.getMessageType().getFullName();
    };
  }
}
