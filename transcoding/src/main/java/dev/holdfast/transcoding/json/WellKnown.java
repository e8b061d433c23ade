package dev.holdfast.transcoding.json;

import com.google.protobuf.Descriptors.Descriptor;
import java.util.Map;

/** Which JSON a message has: an object of its fields, or a form of its own. */
enum WellKnown {
  /** An object of its fields. */
  NONE,
  /** An object with {@code @type}. */
  ANY,
  /** A string as RFC 3339 has it. */
  TIMESTAMP,
  /** A string of seconds. */
  DURATION,
  /** A string of paths. */
  FIELD_MASK,
  /** Any object. */
  STRUCT,
  /** Any JSON at all. */
  VALUE,
  /** Any array. */
  LIST_VALUE,
  /** The JSON of its one field. */
  WRAPPER;

  private static final Map<String, WellKnown> BY_NAME =
      Map.ofEntries(
          Map.entry("Any", ANY),
          Map.entry("Timestamp", TIMESTAMP),
          Map.entry("Duration", DURATION),
          Map.entry("FieldMask", FIELD_MASK),
          Map.entry("Struct", STRUCT),
          Map.entry("Value", VALUE),
          Map.entry("ListValue", LIST_VALUE),
          Map.entry("DoubleValue", WRAPPER),
          Map.entry("FloatValue", WRAPPER),
          Map.entry("Int64Value", WRAPPER),
          Map.entry("UInt64Value", WRAPPER),
          Map.entry("Int32Value", WRAPPER),
          Map.entry("UInt32Value", WRAPPER),
          Map.entry("BoolValue", WRAPPER),
          Map.entry("StringValue", WRAPPER),
          Map.entry("BytesValue", WRAPPER));

  static WellKnown of(Descriptor type) {
    boolean own =
        type.getContainingType() == null && type.getFile().getPackage().equals("google.protobuf");
    return own ? BY_NAME.getOrDefault(type.getName(), NONE) : NONE;
  }
}
