package dev.holdfast.transcoding.http;

import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import dev.holdfast.core.JsonTextWriter;

/** The JSON of a field that a message does not have. */
final class DefaultJson {
  private DefaultJson() {}

  static String of(FieldDescriptor field, boolean enumsAsNumbers) {
    if (field.isMapField()) {
      return "{}";
    }
    if (field.isRepeated()) {
      return "[]";
    }
    if (field.hasPresence()) {
      return "null";
    }
    return switch (field.getJavaType()) {
      case BOOLEAN -> "false";
      case STRING, BYTE_STRING -> "\"\"";
      case LONG -> "\"0\"";
      case ENUM -> enumDefault((EnumValueDescriptor) field.getDefaultValue(), enumsAsNumbers);
      case INT, FLOAT, DOUBLE -> "0";
      case MESSAGE -> "null";
    };
  }

  private static String enumDefault(EnumValueDescriptor value, boolean asNumber) {
    return asNumber ? String.valueOf(value.getNumber()) : JsonTextWriter.quoted(value.getName());
  }
}
