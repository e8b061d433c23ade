package dev.holdfast.transcoding.http.openapi;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * JSON schemas of types, as protobuf's JSON writes them. Messages and enums become components that
 * others refer to, so that types may hold themselves. For one thread.
 */
final class TypeSchemas {
  private static final String REF = "#/components/schemas/";
  private static final String GOOGLE = "google.protobuf.";

  private final Map<String, Object> components = new TreeMap<>();
  private final Deque<Descriptor> open = new ArrayDeque<>();

  /** All components that were referred to, and what those refer to. */
  Map<String, Object> components() {
    while (!open.isEmpty()) {
      Descriptor type = open.remove();
      Map<String, Object> properties = new LinkedHashMap<>();
      for (FieldDescriptor field : type.getFields()) {
        properties.put(field.getJsonName(), of(field));
      }
      Map<String, Object> schema = new LinkedHashMap<>(Map.of("type", "object"));
      schema.put("properties", properties);
      components.put(type.getFullName(), schema);
    }
    return components;
  }

  Object of(FieldDescriptor field) {
    if (field.isMapField()) {
      return ordered(
          "type",
          "object",
          "additionalProperties",
          single(field.getMessageType().findFieldByNumber(2)));
    }
    return field.isRepeated() ? array(single(field)) : single(field);
  }

  Object array(Object items) {
    return ordered("type", "array", "items", items);
  }

  Object of(Descriptor type) {
    Object wellKnown = wellKnown(type);
    if (wellKnown != null) {
      return wellKnown;
    }
    if (components.putIfAbsent(type.getFullName(), Map.of()) == null) {
      open.add(type);
    }
    return Map.of("$ref", REF + type.getFullName());
  }

  private Object single(FieldDescriptor field) {
    return switch (field.getType()) {
      case DOUBLE, FLOAT -> Map.of("type", List.of("number", "string"));
      case INT32, SINT32, SFIXED32 -> ordered("type", "integer", "format", "int32");
      case UINT32, FIXED32 -> ordered("type", "integer", "format", "uint32");
      case INT64, SINT64, SFIXED64 -> ordered("type", "string", "format", "int64");
      case UINT64, FIXED64 -> ordered("type", "string", "format", "uint64");
      case BOOL -> Map.of("type", "boolean");
      case STRING -> Map.of("type", "string");
      case BYTES -> ordered("type", "string", "contentEncoding", "base64");
      case ENUM -> of(field.getEnumType());
      case MESSAGE, GROUP -> of(field.getMessageType());
    };
  }

  private Object of(EnumDescriptor type) {
    if (type.getFullName().equals(GOOGLE + "NullValue")) {
      return Map.of("type", "null");
    }
    List<String> names = type.getValues().stream().map(EnumValueDescriptor::getName).toList();
    components.putIfAbsent(type.getFullName(), ordered("type", "string", "enum", names));
    return Map.of("$ref", REF + type.getFullName());
  }

  private @Nullable Object wellKnown(Descriptor type) {
    if (!type.getFullName().startsWith(GOOGLE)) {
      return null;
    }
    return switch (type.getFullName().substring(GOOGLE.length())) {
      case "Timestamp" -> ordered("type", "string", "format", "date-time");
      case "Duration" -> ordered("type", "string", "pattern", "^-?[0-9]+([.][0-9]{1,9})?s$");
      case "FieldMask" -> Map.of("type", "string");
      case "Struct", "Empty" -> Map.of("type", "object");
      case "Value" -> Map.of();
      case "ListValue" -> array(Map.of());
      case "Any" ->
          ordered(
              "type",
              "object",
              "properties",
              Map.of("@type", Map.of("type", "string")),
              "required",
              List.of("@type"));
      case "DoubleValue",
          "FloatValue",
          "Int64Value",
          "UInt64Value",
          "Int32Value",
          "UInt32Value",
          "BoolValue",
          "StringValue",
          "BytesValue" ->
          single(type.findFieldByNumber(1));
      default -> null;
    };
  }

  /** Whether a query can hold a value of a message type. */
  static boolean isText(Descriptor type) {
    String name = type.getFullName();
    return name.startsWith(GOOGLE)
        && (name.matches(".*[.](Timestamp|Duration|FieldMask|Value)")
            || name.matches(".*[.](Double|Float|U?Int64|U?Int32|Bool|String|Bytes)Value"));
  }

  /** A map of names and values in turn, in this order. */
  static Map<String, Object> ordered(Object... namesAndValues) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      map.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return map;
  }
}
