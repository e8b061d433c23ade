package dev.holdfast.transcoding.http.openapi;

import static dev.holdfast.transcoding.http.openapi.BoundedJsonWriter.ordered;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.rpc.Status;
import dev.holdfast.transcoding.http.HttpBinding;
import dev.holdfast.transcoding.http.HttpBinding.BodyKind;
import dev.holdfast.transcoding.http.QueryParameters;
import dev.holdfast.transcoding.internal.route.HttpRouteTable;
import dev.holdfast.transcoding.internal.route.PathTemplate;
import dev.holdfast.transcoding.internal.route.PathTemplate.SegmentKind;
import dev.holdfast.transcoding.schema.RpcMethod;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Builder of operation objects. For one document; not thread-safe. */
final class OperationObjects {
  private static final String HTTP_BODY = "google.api.HttpBody";

  private final TypeSchemas types;

  OperationObjects(TypeSchemas types) {
    this.types = types;
  }

  /**
   * The operation object of a binding.
   *
   * @param names of the path parameters in the document, from left to right
   */
  Map<String, Object> of(OpenApiOperation openApiOperation, List<String> names) {
    HttpBinding binding = openApiOperation.binding();
    RpcMethod method = binding.method();
    Map<String, Object> operation = new LinkedHashMap<>();
    operation.put("operationId", openApiOperation.id());
    operation.put("tags", List.of(method.service()));
    QueryParameters query = binding.queryParameters(openApiOperation.served().options());
    String description = description(openApiOperation, query.complete());
    if (!description.isEmpty()) {
      operation.put("description", description);
    }
    if (method.descriptor().getOptions().getDeprecated()) {
      operation.put("deprecated", true);
    }
    List<Object> parameters = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      parameters.add(
          pathParameter(
              openApiOperation, openApiOperation.path().wildcards().get(i), names.get(i)));
    }
    query.queryParameters().forEach(each -> parameters.add(queryParameter(each)));
    if (!parameters.isEmpty()) {
      operation.put("parameters", parameters);
    }
    if (binding.bodyKind() != BodyKind.NONE) {
      operation.put("requestBody", ordered("content", requestContent(binding)));
    }
    operation.put("responses", responses(openApiOperation));
    return operation;
  }

  private static String description(OpenApiOperation openApiOperation, boolean complete) {
    RpcMethod method = openApiOperation.binding().method();
    List<String> said = new ArrayList<>();
    said.add(openApiOperation.served().catalog().comment(method.descriptor().getFullName()));
    if (openApiOperation.binding().httpMethod().equals(HttpRouteTable.ANY_METHOD)) {
      said.add("Any method of HTTP is taken.");
    }
    if (!complete) {
      said.add(
          "Further fields of "
              + method.input().getFullName()
              + " can be given in the query, fields of fields by dots.");
    }
    return said.stream().filter(text -> !text.isEmpty()).collect(Collectors.joining("\n\n"));
  }

  private Object pathParameter(
      OpenApiOperation openApiOperation, OpenApiPath.Wildcard wildcard, String name) {
    Map<String, Object> parameter = ordered("name", name, "in", "path", "required", true);
    List<String> said = new ArrayList<>();
    if (!wildcard.name().equals(name)) {
      said.add("Is " + wildcard.name() + ".");
    }
    if (wildcard.variable() != null && !wildcard.alone()) {
      said.add(
          "A part of %s, which is %s."
              .formatted(
                  wildcard.variable().name(),
                  PathTemplate.parse(openApiOperation.binding().template()).segments().stream()
                      .skip(wildcard.variable().start())
                      .limit(wildcard.variable().end() - (long) wildcard.variable().start())
                      .map(Object::toString)
                      .collect(Collectors.joining("/"))));
    }
    if (wildcard.segment().kind() == SegmentKind.ANY) {
      said.add("Any number of segments: slashes in it stay as they are.");
    }
    if (!said.isEmpty()) {
      parameter.put("description", String.join(" ", said));
    }
    FieldDescriptor field = wildcard.alone() ? field(openApiOperation, wildcard) : null;
    parameter.put("schema", field == null ? ordered("type", "string") : types.of(field));
    return parameter;
  }

  /** The field that a whole variable binds to. */
  private static @Nullable FieldDescriptor field(
      OpenApiOperation openApiOperation, OpenApiPath.Wildcard wildcard) {
    if (wildcard.variable() == null) {
      return null;
    }
    Descriptor type = openApiOperation.binding().method().input();
    FieldDescriptor field = null;
    for (String name : wildcard.variable().fieldPath()) {
      field = type.findFieldByName(name);
      if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
        type = field.getMessageType();
      }
    }
    return field;
  }

  private Object queryParameter(QueryParameters.QueryParameter each) {
    Map<String, Object> schema = types.documented(each.field());
    Map<String, Object> parameter = ordered("name", each.name(), "in", "query");
    Object description = schema.remove("description");
    if (description != null) {
      parameter.put("description", description);
    }
    if (schema.remove("deprecated") != null) {
      parameter.put("deprecated", true);
    }
    if (each.field().isMapField()) {
      parameter.put("style", "deepObject");
      parameter.put("explode", true);
    }
    parameter.put("schema", schema);
    return parameter;
  }

  private Object requestContent(HttpBinding binding) {
    FieldDescriptor field = binding.bodyField();
    Descriptor input = binding.method().input();
    if (field == null ? isRaw(input) : isRaw(field)) {
      return anyBytes();
    }
    Map<String, Object> schema = field == null ? types.of(input) : types.of(field);
    return binding.method().streamingType().clientStreams()
        ? ordered(
            "application/x-ndjson",
            ordered("schema", schema),
            "application/json",
            ordered("schema", TypeSchemas.array(schema)))
        : ordered("application/json", ordered("schema", schema));
  }

  private Object responses(OpenApiOperation openApiOperation) {
    Descriptor known =
        openApiOperation
            .served()
            .catalog()
            .message("google.rpc.Status")
            .orElse(Status.getDescriptor());
    Map<String, Object> status = types.of(known);
    return ordered(
        "200",
        answer(openApiOperation.binding(), status),
        "default",
        ordered(
            "description",
            "The call failed, or the request was refused.",
            "content",
            ordered("application/json", ordered("schema", status))));
  }

  private Object answer(HttpBinding binding, Map<String, Object> status) {
    FieldDescriptor field = binding.responseField();
    Descriptor output = binding.method().output();
    boolean stream = binding.method().streamingType().serverStreams();
    if (field == null ? isRaw(output) : isRaw(field)) {
      return ordered("description", stream ? "A stream of bytes." : "OK", "content", anyBytes());
    }
    Map<String, Object> schema = field == null ? types.of(output) : types.of(field);
    if (field != null && isMessage(field)) {
      // Of a message that was not set there is nothing to print but this.
      schema = ordered("anyOf", List.of(schema, ordered("type", "null")));
    }
    if (!stream) {
      return ordered(
          "description", "OK", "content", ordered("application/json", ordered("schema", schema)));
    }
    Map<String, Object> failed =
        ordered(
            "type",
            "object",
            "properties",
            ordered("error", status),
            "required",
            List.of("error"),
            "additionalProperties",
            false);
    return ordered(
        "description",
        "A stream of messages, by accept: a line each, whose last is {\"error\": ..} when the call"
            + " failed after the first; events, with one named error or end at last; or an array,"
            + " without its bracket when the call failed. The schemas of lines and events are of"
            + " one each.",
        "content",
        ordered(
            "application/x-ndjson",
            ordered("schema", ordered("anyOf", List.of(schema, failed))),
            "text/event-stream",
            ordered("schema", schema),
            "application/json",
            ordered("schema", TypeSchemas.array(schema))));
  }

  private static Object anyBytes() {
    return ordered("*/*", ordered());
  }

  private static boolean isMessage(FieldDescriptor field) {
    return field.getJavaType() == FieldDescriptor.JavaType.MESSAGE && !field.isRepeated();
  }

  private static boolean isRaw(Descriptor type) {
    return type.getFullName().equals(HTTP_BODY);
  }

  private static boolean isRaw(FieldDescriptor field) {
    return isMessage(field) && isRaw(field.getMessageType());
  }
}
