package dev.holdfast.transcoding.json;

import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.WireFormat;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A field as the codec needs it. Immutable once its {@link MessageType} is published. */
final class FieldPlan {
  private static final int UNSET = -1;

  final FieldDescriptor descriptor;
  final FieldDescriptor.Type type;

  /** Its place among the fields of its message, by number. */
  final int index;

  /** The name in error messages. */
  final String name;

  /** How a key that is this field looks most often: its JSON name's bytes without quotes. */
  final byte[] jsonName;

  /**
   * Its first eight bytes, with the quote behind it where that is among them, and which of them
   * count.
   */
  final long nameHead;

  final long nameMask;

  /** Whether {@link #jsonName} can be compared with input as it is, escapes aside. */
  final boolean plainName;

  /** What is printed before its value: the quoted name and a colon. */
  final byte[] key;

  /** {@link #key} behind a comma. */
  final byte[] nextKey;

  /** What is printed when it must be and has no value. */
  final byte[] defaultJson;

  /** Whether a zero is not printed. */
  final boolean omitZero;

  /** Whether it is printed when it has no value. */
  final boolean printAbsent;

  final int number;

  /** The tag of one value; of an element outside packed form if it is repeated. */
  final int tag;

  /** The tag with the wire type of packed form; 0 for what can't be packed. */
  final int packedTag;

  /** The tag written before each value; 0 within a packed field. */
  final int elementTag;

  final boolean map;

  /** A list, not a map. */
  final boolean repeated;

  final boolean packed;

  /** No presence: its default value is the same as nothing. */
  final boolean implicit;

  final boolean required;

  /** The oneof it is in, by index; -1 for none and for those made up for proto3's optional. */
  final int oneof;

  /** JSON's null is a value of it and not its absence. */
  final boolean nullIsValue;

  /** The least value of a field of whole numbers; of unsigned 64 bits, the least in a long. */
  final long least;

  /** The greatest value of a field of whole numbers; of 64 bits, the greatest in a long. */
  final long greatest;

  final @Nullable EnumTable enums;

  /** Of a message, a group or the entries of a map; set before publication. */
  @Nullable MessageType message;

  FieldPlan(FieldDescriptor descriptor, int index, JsonOptions options, boolean entry) {
    this.descriptor = descriptor;
    this.type = descriptor.getType();
    this.index = index;
    this.number = descriptor.getNumber();
    this.name = nameOf(descriptor);
    String json = descriptor.isExtension() ? name : descriptor.getJsonName();
    this.jsonName = json.getBytes(StandardCharsets.UTF_8);
    byte[] head = Arrays.copyOf(json.concat("\"").getBytes(StandardCharsets.UTF_8), Long.BYTES);
    this.nameHead = (long) CodecBuffer.LONGS.get(head, 0);
    this.nameMask =
        jsonName.length + 1 >= Long.BYTES ? -1 : (1L << (8 * (jsonName.length + 1))) - 1;
    this.plainName = json.chars().allMatch(c -> c > ' ' && c < 0x7f && c != '"' && c != '\\');
    this.key = JsonText.quoted(options.protoNames() ? name : json, ":");
    this.nextKey = new byte[key.length + 1];
    this.nextKey[0] = ',';
    System.arraycopy(key, 0, nextKey, 1, key.length);
    this.map = descriptor.isMapField();
    this.repeated = descriptor.isRepeated() && !map;
    this.packed = descriptor.isPacked();
    this.tag = number << 3 | wireType(type);
    this.packedTag =
        repeated && descriptor.isPackable()
            ? number << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED
            : 0;
    this.elementTag = packed ? 0 : tag;
    this.implicit = !descriptor.isRepeated() && !descriptor.hasPresence() && !entry;
    this.omitZero = implicit && !options.printDefaults();
    this.printAbsent =
        options.printDefaults()
            && !descriptor.isExtension()
            && (implicit || descriptor.isRepeated());
    this.required = descriptor.isRequired();
    boolean is64 = descriptor.getJavaType() == FieldDescriptor.JavaType.LONG;
    boolean unsigned =
        switch (type) {
          case UINT32, FIXED32, UINT64, FIXED64 -> true;
          default -> false;
        };
    this.least = unsigned ? 0 : is64 ? Long.MIN_VALUE : Integer.MIN_VALUE;
    this.greatest = is64 ? Long.MAX_VALUE : unsigned ? 0xffff_ffffL : Integer.MAX_VALUE;
    OneofDescriptor inside = descriptor.getRealContainingOneof();
    this.oneof = inside == null ? UNSET : inside.getIndex();
    EnumDescriptor enumType =
        descriptor.getJavaType() == FieldDescriptor.JavaType.ENUM ? descriptor.getEnumType() : null;
    this.enums = enumType == null ? null : new EnumTable(enumType);
    this.defaultJson = defaultJson(options).getBytes(StandardCharsets.UTF_8);
    boolean nullEnum =
        enumType != null && enumType.getFullName().equals("google.protobuf.NullValue");
    boolean value =
        descriptor.getJavaType() == FieldDescriptor.JavaType.MESSAGE
            && WellKnown.of(descriptor.getMessageType()) == WellKnown.VALUE;
    this.nullIsValue = nullEnum || value;
  }

  private String defaultJson(JsonOptions options) {
    if (descriptor.isRepeated()) {
      return map ? "{}" : "[]";
    }
    return switch (descriptor.getJavaType()) {
      case STRING, BYTE_STRING -> "\"\"";
      case BOOLEAN -> "false";
      case LONG -> "\"0\"";
      case ENUM -> {
        EnumValueDescriptor first = descriptor.getEnumType().getValues().get(0);
        yield descriptor.getEnumType().getFullName().equals("google.protobuf.NullValue")
            ? "null"
            : options.enumsAsNumbers() ? "" + first.getNumber() : '"' + first.getName() + '"';
      }
      case MESSAGE -> "{}";
      default -> "0";
    };
  }

  private static String nameOf(FieldDescriptor descriptor) {
    return descriptor.isExtension() ? '[' + descriptor.getFullName() + ']' : descriptor.getName();
  }

  /** The type of a field that is a message. */
  MessageType message() {
    if (message == null) {
      throw new IllegalStateException(name + " has no message type");
    }
    return message;
  }

  /** The enum of a field that is one. */
  EnumTable enums() {
    if (enums == null) {
      throw new IllegalStateException(name + " is no enum");
    }
    return enums;
  }

  /** Whether its end is marked by a tag and not its length given. */
  boolean isGroup() {
    return type == FieldDescriptor.Type.GROUP;
  }

  /** The key of a map's entries. */
  FieldPlan mapKey() {
    return message().fields[0];
  }

  /** The value of a map's entries. */
  FieldPlan mapValue() {
    return message().fields[1];
  }

  private static int wireType(FieldDescriptor.Type type) {
    return switch (type) {
      case DOUBLE, FIXED64, SFIXED64 -> WireFormat.WIRETYPE_FIXED64;
      case FLOAT, FIXED32, SFIXED32 -> WireFormat.WIRETYPE_FIXED32;
      case STRING, BYTES, MESSAGE -> WireFormat.WIRETYPE_LENGTH_DELIMITED;
      case GROUP -> WireFormat.WIRETYPE_START_GROUP;
      default -> WireFormat.WIRETYPE_VARINT;
    };
  }
}
