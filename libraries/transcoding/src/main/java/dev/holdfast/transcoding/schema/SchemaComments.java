package dev.holdfast.transcoding.schema;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import com.google.protobuf.DescriptorProtos.SourceCodeInfo.Location;
import dev.holdfast.core.annotation.Limit;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The comments in .proto files, by the full names of their elements. Present in files of {@code
 * protoc --include_source_info}; reflection rarely includes them.
 */
final class SchemaComments {
  /** The maximum length of a comment; longer ones are cut. */
  @Limit(of = "characters of one comment in a schema", then = "the rest is left out")
  static final int MAX_CHARS = 8_000;

  private final Map<String, String> into;

  private SchemaComments(Map<String, String> into) {
    this.into = into;
  }

  /** Adds the comments of a file; known names are not overwritten. */
  static void collect(FileDescriptorProto file, Map<String, String> into) {
    SchemaComments comments = new SchemaComments(into);
    for (Location location : file.getSourceCodeInfo().getLocationList()) {
      String text = text(location);
      String name = text.isEmpty() ? "" : name(file, location.getPathList());
      if (!name.isEmpty()) {
        comments.into.putIfAbsent(name, text);
      }
    }
  }

  /** The leading comment of an element, or else the trailing one. */
  private static String text(Location location) {
    String raw =
        location.getLeadingComments().isBlank()
            ? location.getTrailingComments()
            : location.getLeadingComments();
    String text =
        raw.lines()
            .map(line -> line.startsWith(" ") ? line.substring(1) : line)
            .map(String::stripTrailing)
            .collect(Collectors.joining("\n"))
            .strip();
    return text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS) + "..";
  }

  /** The full name of the element at a path of descriptor.proto; "" for other elements. */
  private static String name(FileDescriptorProto file, List<Integer> path) {
    if (path.size() < 2 || path.size() % 2 != 0) {
      return "";
    }
    String scope = file.getPackage().isEmpty() ? "" : file.getPackage() + ".";
    int index = path.get(1);
    List<Integer> rest = path.subList(2, path.size());
    return switch (path.get(0)) {
      case FileDescriptorProto.MESSAGE_TYPE_FIELD_NUMBER ->
          ofMessage(scope, file.getMessageType(index), rest);
      case FileDescriptorProto.ENUM_TYPE_FIELD_NUMBER ->
          ofEnum(scope, file.getEnumType(index), rest);
      case FileDescriptorProto.SERVICE_FIELD_NUMBER ->
          ofService(scope, file.getService(index), rest);
      default -> "";
    };
  }

  private static String ofMessage(String scope, DescriptorProto message, List<Integer> path) {
    String name = scope + message.getName();
    if (path.isEmpty()) {
      return name;
    }
    int index = path.get(1);
    List<Integer> rest = path.subList(2, path.size());
    return switch (path.get(0)) {
      case DescriptorProto.FIELD_FIELD_NUMBER ->
          rest.isEmpty() ? name + "." + message.getField(index).getName() : "";
      case DescriptorProto.NESTED_TYPE_FIELD_NUMBER ->
          ofMessage(name + ".", message.getNestedType(index), rest);
      case DescriptorProto.ENUM_TYPE_FIELD_NUMBER ->
          ofEnum(name + ".", message.getEnumType(index), rest);
      default -> "";
    };
  }

  private static String ofEnum(String scope, EnumDescriptorProto type, List<Integer> path) {
    String name = scope + type.getName();
    if (path.isEmpty()) {
      return name;
    }
    return path.size() == 2 && path.get(0) == EnumDescriptorProto.VALUE_FIELD_NUMBER
        ? name + "." + type.getValue(path.get(1)).getName()
        : "";
  }

  private static String ofService(String scope, ServiceDescriptorProto type, List<Integer> path) {
    String name = scope + type.getName();
    if (path.isEmpty()) {
      return name;
    }
    return path.size() == 2 && path.get(0) == ServiceDescriptorProto.METHOD_FIELD_NUMBER
        ? name + "." + type.getMethod(path.get(1)).getName()
        : "";
  }
}
