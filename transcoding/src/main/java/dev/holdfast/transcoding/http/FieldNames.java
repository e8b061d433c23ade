package dev.holdfast.transcoding.http;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Fields by their JSON names and their names in the .proto; a JSON name wins. Thread-safe. */
final class FieldNames {
  /** One entry for each message type of a schema, so it is bounded by that. */
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
