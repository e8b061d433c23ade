package dev.holdfast.transcoding.json;

import com.google.protobuf.AnyProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DurationProto;
import com.google.protobuf.EmptyProto;
import com.google.protobuf.FieldMaskProto;
import com.google.protobuf.StructProto;
import com.google.protobuf.TimestampProto;
import com.google.protobuf.WrappersProto;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The message types that an Any may hold, by name, and the known extensions. Covers some files,
 * their imports, and protobuf's well-known types. Immutable.
 */
public final class SchemaTypes {
  private static final List<FileDescriptor> WELL_KNOWN =
      List.of(
          AnyProto.getDescriptor(),
          DurationProto.getDescriptor(),
          EmptyProto.getDescriptor(),
          FieldMaskProto.getDescriptor(),
          StructProto.getDescriptor(),
          TimestampProto.getDescriptor(),
          WrappersProto.getDescriptor());

  private final Map<String, Descriptor> messages;
  private final Map<String, List<FieldDescriptor>> extensions;

  private SchemaTypes(
      Map<String, Descriptor> messages, Map<String, List<FieldDescriptor>> extensions) {
    this.messages = messages;
    this.extensions = extensions;
  }

  /** Only the well-known types of protobuf. */
  public static SchemaTypes wellKnown() {
    return of(List.of());
  }

  /** The types of files and of all their imports; of two types with one name the first wins. */
  public static SchemaTypes of(Iterable<FileDescriptor> files) {
    Map<String, Descriptor> messages = new HashMap<>();
    Map<String, Map<String, FieldDescriptor>> extensions = new HashMap<>();
    Set<FileDescriptor> seen = new HashSet<>();
    Deque<FileDescriptor> open = new ArrayDeque<>();
    files.forEach(open::add);
    open.addAll(WELL_KNOWN);
    while (!open.isEmpty()) {
      FileDescriptor file = open.remove();
      if (seen.add(file)) {
        open.addAll(file.getDependencies());
        addExtensions(file.getExtensions(), extensions);
        file.getMessageTypes().forEach(type -> addMessages(type, messages, extensions));
      }
    }
    Map<String, List<FieldDescriptor>> lists = new HashMap<>();
    extensions.forEach((type, byName) -> lists.put(type, List.copyOf(byName.values())));
    return new SchemaTypes(Map.copyOf(messages), Map.copyOf(lists));
  }

  private static void addMessages(
      Descriptor top,
      Map<String, Descriptor> messages,
      Map<String, Map<String, FieldDescriptor>> extensions) {
    Deque<Descriptor> open = new ArrayDeque<>(List.of(top));
    while (!open.isEmpty()) {
      Descriptor type = open.remove();
      messages.putIfAbsent(type.getFullName(), type);
      addExtensions(type.getExtensions(), extensions);
      open.addAll(type.getNestedTypes());
    }
  }

  private static void addExtensions(
      List<FieldDescriptor> found, Map<String, Map<String, FieldDescriptor>> extensions) {
    for (FieldDescriptor extension : found) {
      extensions
          .computeIfAbsent(extension.getContainingType().getFullName(), x -> new LinkedHashMap<>())
          .putIfAbsent(extension.getFullName(), extension);
    }
  }

  /** The message type with a full name, as {@code google.protobuf.Duration}; null when unknown. */
  public @Nullable Descriptor message(String fullName) {
    return messages.get(fullName);
  }

  /** The known extensions of a message, in no particular order. */
  List<FieldDescriptor> extensionsOf(Descriptor type) {
    return new ArrayList<>(extensions.getOrDefault(type.getFullName(), List.of()));
  }
}
