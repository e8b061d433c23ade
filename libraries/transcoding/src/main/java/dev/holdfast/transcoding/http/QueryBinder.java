package dev.holdfast.transcoding.http;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.transcoding.http.HttpBinding.BodyKind;
import dev.holdfast.transcoding.internal.route.PercentDecoding;
import dev.holdfast.transcoding.json.JsonCodec;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Binder of query parameters to request fields. Thread-safe. */
final class QueryBinder {
  /** The maximum number of parameters in a query; more are refused. */
  @Limit(
      of = "query parameters of one request that is translated",
      then = "it is answered with 400")
  static final int MAX_PARAMETERS = 1000;

  /** The maximum depth of a parameter's field path; deeper ones are refused. */
  @Limit(of = "fields in the path of a query parameter", then = "the request is answered with 400")
  static final int MAX_FIELD_DEPTH = 32;

  private final FieldNames names;
  private final JsonCodec codec;
  private final TextFieldWriter writer;
  private final PercentDecoding decoding;
  private final Set<String> ignored;
  private final boolean ignoresUnknown;
  private final boolean lenient;

  QueryBinder(
      FieldNames names, JsonCodec codec, TextFieldWriter writer, TranscodingOptions options) {
    this.names = names;
    this.codec = codec;
    this.writer = writer;
    this.decoding = options.plusIsSpace() ? PercentDecoding.FORM : PercentDecoding.ALL;
    this.ignored = options.ignoredParameters();
    this.ignoresUnknown = ignored.contains(TranscodingOptions.ANY);
    this.lenient = options.lenient();
  }

  /**
   * Binds all parameters to fields.
   *
   * @param query the part behind the question mark, raw
   * @throws RequestRefusedException 400 for the first invalid parameter
   */
  void bind(HttpBinding binding, CharSequence query, FieldTree into) throws IOException {
    int count = 0;
    int start = 0;
    for (int i = 0; i <= query.length(); i++) {
      if (i == query.length() || query.charAt(i) == '&') {
        if (i > start) {
          if (++count > MAX_PARAMETERS) {
            throw RequestRefusedException.badRequest(
                "query: more than %d parameters (expected: <= %d)"
                    .formatted(MAX_PARAMETERS, MAX_PARAMETERS));
          }
          parameter(binding, query, start, i, into);
        }
        start = i + 1;
      }
    }
  }

  private void parameter(
      HttpBinding binding, CharSequence query, int start, int end, FieldTree into)
      throws IOException {
    int equals = start;
    while (equals < end && query.charAt(equals) != '=') {
      equals++;
    }
    String name = decoding.decode(query, start, equals, "query");
    if (ignored.contains(name)) {
      return;
    }
    String what = "query parameter " + name;
    Descriptor type = binding.method().input();
    if (binding.bodyKind() == BodyKind.MESSAGE) {
      if (ignoresUnknown) {
        return;
      }
      throw RequestRefusedException.badRequest(
          "%s: not in the query (expected: in the body, which is the whole %s)"
              .formatted(what, type.getFullName()));
    }
    String text = equals == end ? "" : decoding.decode(query, equals + 1, end, what);
    int bracket = name.indexOf('[');
    List<FieldDescriptor> path = path(type, bracket < 0 ? name : name.substring(0, bracket), what);
    if (path.isEmpty() || (lenient && binding.variables().contains(path))) {
      return;
    }
    requireFree(binding, path, what);
    FieldDescriptor field = path.get(path.size() - 1);
    if (bracket >= 0) {
      if (!field.isMapField() || !name.endsWith("]")) {
        throw RequestRefusedException.badRequest(
            what + ": brackets (expected: name[key], and for maps only)");
      }
      requireText(field.getMessageType().findFieldByNumber(2), what);
      String key = name.substring(bracket + 1, name.length() - 1);
      into.putEntry(path, key, text, what, writer);
    } else {
      if (field.isMapField()) {
        throw RequestRefusedException.badRequest(what + ": a map (expected: " + name + "[key])");
      }
      requireText(field, what);
      into.put(path, text, what, writer);
    }
  }

  /**
   * The fields from the request message to the named field; empty when the name is unknown and
   * unknown names are ignored.
   */
  private List<FieldDescriptor> path(Descriptor request, String name, String what) {
    List<FieldDescriptor> path = new ArrayList<>();
    Descriptor type = request;
    int start = 0;
    while (true) {
      int dot = name.indexOf('.', start);
      String part = name.substring(start, dot < 0 ? name.length() : dot);
      FieldDescriptor field = names.find(type, part);
      if (field == null) {
        if (ignoresUnknown) {
          return List.of();
        }
        throw unknown(type, part, what);
      }
      path.add(field);
      if (dot < 0) {
        return path;
      }
      if (field.getJavaType() != FieldDescriptor.JavaType.MESSAGE || field.isRepeated()) {
        throw RequestRefusedException.badRequest(
            "%s: %s has no fields that a query can name (expected: a single message)"
                .formatted(what, field.getFullName()));
      }
      if (path.size() >= MAX_FIELD_DEPTH) {
        throw RequestRefusedException.badRequest(
            "%s: nested too deep (expected: <= %d fields)".formatted(what, MAX_FIELD_DEPTH));
      }
      type = field.getMessageType();
      start = dot + 1;
    }
  }

  private RequestRefusedException unknown(Descriptor type, String part, String what) {
    String nearest = codec.nearestField(type, part);
    return RequestRefusedException.badRequest(
        "%s: %s is no field of %s (expected: one of its fields%s)"
            .formatted(
                what,
                part.isEmpty() ? "''" : part,
                type.getFullName(),
                nearest.isEmpty() ? "" : "; did you mean " + nearest + "?"));
  }

  private static void requireText(FieldDescriptor field, String what) {
    if (!TextFieldWriter.acceptsText(field)) {
      throw RequestRefusedException.badRequest(
          "%s: a message (expected: one of the fields of %s)"
              .formatted(what, field.getMessageType().getFullName()));
    }
  }

  private static void requireFree(HttpBinding binding, List<FieldDescriptor> path, String what) {
    if (path.get(0) == binding.bodyField()) {
      throw RequestRefusedException.badRequest(
          "%s: not in the query (expected: in the body, which is %s)"
              .formatted(what, path.get(0).getName()));
    }
    if (binding.variables().contains(path)) {
      throw RequestRefusedException.badRequest(
          what + ": not in the query (expected: in the path, which has it already)");
    }
  }
}
