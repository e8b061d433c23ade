package dev.holdfast.transcoding.http;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Lookup of fields by their JSON names and their proto names; a JSON name wins. Thread-safe. */
final class FieldNames {
  /** Fields by name for each message type. The number of types in the schema bounds the size. */
  private final Map<Descriptor, Map<String, FieldDescriptor>> byType = new ConcurrentHashMap<>();

  @Nullable FieldDescriptor find(Descriptor type, String name) {
    Map<String, FieldDescriptor> known = byType.get(type);
    if (known == null) {
      known = byType.computeIfAbsent(type, FieldNames::names);
    }
    return known.get(name);
  }

  private static Map<String, FieldDescriptor> names(Descriptor type) {
    Map<String, FieldDescriptor> names = new HashMap<>();
    type.getFields().forEach(field -> names.putIfAbsent(field.getJsonName(), field));
    type.getFields().forEach(field -> names.putIfAbsent(field.getName(), field));
    return names;
  }
}
