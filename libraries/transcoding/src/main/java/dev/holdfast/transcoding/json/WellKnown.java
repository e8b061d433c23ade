package dev.holdfast.transcoding.json;

import com.google.protobuf.Descriptors.Descriptor;
import java.util.Map;

/** The well-known types with a JSON form of their own. */
enum WellKnown {
  /** Not well-known: an object with a member per field. */
  NONE,
  /** An object with a member {@code @type}. */
  ANY,
  /** A string in RFC 3339 format. */
  TIMESTAMP,
  /** A string of seconds with the suffix s. */
  DURATION,
  /** A string of comma-separated paths. */
  FIELD_MASK,
  /** A JSON object with any members. */
  STRUCT,
  /** A JSON value of any kind. */
  VALUE,
  /** A JSON array of any values. */
  LIST_VALUE,
  /** The JSON of the message's only field. */
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
