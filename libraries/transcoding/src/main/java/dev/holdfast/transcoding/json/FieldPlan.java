package dev.holdfast.transcoding.json;

import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.WireFormat;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A field, compiled for the codec. Immutable once its {@link MessageType} is published. */
final class FieldPlan {
  private static final int UNSET = -1;

  final FieldDescriptor descriptor;
  final FieldDescriptor.Type type;

  /** The position among the message's fields, by number. */
  final int index;

  /** The field's name in error messages. */
  final String name;

  /** The bytes of the JSON name, without quotes: the usual form of the field's key. */
  final byte[] jsonName;

  /**
   * The first eight bytes of the name and its closing quote as one word. {@link #nameMask} selects
   * the valid bytes.
   */
  final long nameHead;

  final long nameMask;

  /** Whether {@link #jsonName} can be compared bytewise with input, which then has no escapes. */
  final boolean plainName;

  /** The bytes of the quoted name and a colon, written before a value. */
  final byte[] key;

  /** {@link #key} behind a comma. */
  final byte[] nextKey;

  /** The JSON of the default value. */
  final byte[] defaultJson;

  /** Whether a zero value is omitted. */
  final boolean omitZero;

  /** Whether an absent field is printed with its default value. */
  final boolean printAbsent;

  final int number;

  /** The tag of a value; for a repeated field, that of an unpacked element. */
  final int tag;

  /** The tag of the packed form; 0 for fields that can't be packed. */
  final int packedTag;

  /** The tag before each written value; 0 within a packed field. */
  final int elementTag;

  final boolean map;

  /** Whether the field is a list; false for a map. */
  final boolean repeated;

  final boolean packed;

  /** Whether the field has no presence, so that its default value equals absence. */
  final boolean implicit;

  final boolean required;

  /**
   * The index of the field's oneof; -1 for none and for the synthetic ones of proto3's optional.
   */
  final int oneof;

  /** Whether JSON null is a value of the field instead of its absence. */
  final boolean nullIsValue;

  /** The minimum of an integer field; for unsigned 64-bit types, 0. */
  final long least;

  /** The maximum of an integer field; for 64-bit types, that of a long. */
  final long greatest;

  final @Nullable EnumTable enums;

  /** The type of a message, a group or map entries; set before publication. */
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
    this.key = JsonFormatter.quoted(options.protoNames() ? name : json, ":");
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

  /**
   * The type of a field that is a message, a group or a map.
   *
   * @throws IllegalStateException when the field has none
   */
  MessageType message() {
    if (message == null) {
      throw new IllegalStateException(name + " has no message type");
    }
    return message;
  }

  /**
   * The values of an enum field.
   *
   * @throws IllegalStateException when the field is not an enum
   */
  EnumTable enums() {
    if (enums == null) {
      throw new IllegalStateException(name + " is no enum");
    }
    return enums;
  }

  /** Whether the value is a group, which ends by a tag instead of a length. */
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
