package dev.holdfast.transcoding.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The field mask of a PATCH without one: the paths of the innermost fields in its JSON body. Maps,
 * lists and well-known types count as one field.
 */
final class FieldMaskPaths {
  /**
   * A JSON factory that caches no names, because clients choose them. The codec has checked the
   * body's size and depth already.
   */
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNameLength(Integer.MAX_VALUE)
                  .maxNumberLength(Integer.MAX_VALUE)
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private static final String MASK = "google.protobuf.FieldMask";

  private final FieldNames names;

  FieldMaskPaths(FieldNames names) {
    this.names = names;
  }

  /** The field of a request that masks its body: update_mask, or the only mask there is. */
  static @Nullable FieldDescriptor maskOf(Descriptor request) {
    FieldDescriptor only = null;
    int count = 0;
    for (FieldDescriptor field : request.getFields()) {
      if (isMessage(field)
          && !field.isRepeated()
          && field.getMessageType().getFullName().equals(MASK)) {
        if (field.getName().equals("update_mask")) {
          return field;
        }
        only = field;
        count++;
      }
    }
    return count == 1 ? only : null;
  }

  /**
   * The paths of a body that the codec has accepted.
   *
   * @param left paths that are left out: those that the URL gave
   */
  List<String> of(Descriptor type, byte[] json, int offset, int length, Set<String> left)
      throws IOException {
    List<String> paths = new ArrayList<>();
    try (JsonParser parser = JSON.createParser(json, offset, length)) {
      if (parser.nextToken() == JsonToken.START_OBJECT) {
        collect(parser, type, "", paths);
      }
    }
    paths.removeAll(left);
    return paths;
  }

  /** Reads one object to its end; as deep as the codec let it be. */
  private void collect(JsonParser parser, Descriptor type, String prefix, List<String> paths)
      throws IOException {
    int before = paths.size();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      FieldDescriptor field = names.find(type, parser.currentName());
      JsonToken value = parser.nextToken();
      if (field == null) {
        parser.skipChildren();
      } else if (value == JsonToken.START_OBJECT && hasPlainFields(field)) {
        collect(parser, field.getMessageType(), prefix + field.getName() + ".", paths);
      } else {
        parser.skipChildren();
        paths.add(prefix + field.getName());
      }
    }
    if (paths.size() == before && !prefix.isEmpty()) {
      paths.add(prefix.substring(0, prefix.length() - 1));
    }
  }

  private static boolean hasPlainFields(FieldDescriptor field) {
    return isMessage(field)
        && !field.isRepeated()
        && !field.getMessageType().getFile().getPackage().equals("google.protobuf");
  }

  private static boolean isMessage(FieldDescriptor field) {
    return field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
  }
}
