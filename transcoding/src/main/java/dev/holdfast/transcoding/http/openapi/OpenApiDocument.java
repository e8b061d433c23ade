package dev.holdfast.transcoding.http.openapi;

import static dev.holdfast.transcoding.http.openapi.TypeSchemas.ordered;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.rpc.Status;
import dev.holdfast.transcoding.http.HttpBinding;
import dev.holdfast.transcoding.http.HttpBinding.BodyKind;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.http.PathTemplate;
import dev.holdfast.transcoding.http.PathTemplate.Kind;
import dev.holdfast.transcoding.http.PathTemplate.Variable;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Writes the OpenAPI 3.1 document of what a transcoder serves.
 *
 * <p>A method with annotations is described by them, another one by its name. Variables of several
 * segments become a parameter for each of their wildcards, since OpenAPI's hold no slash. Custom
 * HTTP methods that OpenAPI does not know are left out.
 *
 * @see <a href="https://spec.openapis.org/oas/v3.1.0">OpenAPI 3.1</a>
 */
public final class OpenApiDocument {
  /** How deep messages are taken apart into query parameters; deeper fields are not described. */
  static final int MAX_QUERY_DEPTH = 4;

  private static final JsonFactory JSON = new JsonFactory();
  private static final Set<String> METHODS =
      Set.of("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE");
  private static final String HTTP_BODY = "google.api.HttpBody";

  private final TypeSchemas types = new TypeSchemas();
  private final Map<String, Map<String, Object>> paths = new TreeMap<>();
  private final Map<String, String> pathOfShape = new HashMap<>();

  private final Map<String, Integer> operations = new HashMap<>();

  private OpenApiDocument() {}

  /**
   * The document, as JSON in UTF-8.
   *
   * @param title of the API
   * @param version of the API, such as the catalog's hash
   */
  public static byte[] of(HttpTranscoder transcoder, String title, String version) {
    OpenApiDocument document = new OpenApiDocument();
    Set<String> annotated = new HashSet<>();
    for (HttpBinding binding : transcoder.bindings()) {
      boolean byName = binding.template().toString().equals(binding.method().path());
      if (METHODS.contains(binding.httpMethod())
          && !(byName && annotated.contains(binding.method().fullName()))) {
        annotated.add(binding.method().fullName());
        document.add(binding);
      }
    }
    return write(
        ordered(
            "openapi",
            "3.1.0",
            "info",
            ordered("title", title, "version", version),
            "paths",
            document.paths,
            "components",
            ordered("schemas", document.types.components())));
  }

  private void add(HttpBinding binding) {
    List<Object> parameters = new ArrayList<>();
    String path = path(binding, parameters);
    Descriptor input = binding.method().input();
    if (binding.bodyKind() != BodyKind.MESSAGE) {
      addQuery(binding, input, "", "", new ArrayList<>(), parameters);
    }
    Map<String, Object> operation =
        ordered("operationId", operationId(binding), "tags", List.of(binding.method().service()));
    if (!parameters.isEmpty()) {
      operation.put("parameters", parameters);
    }
    if (binding.bodyKind() != BodyKind.NONE) {
      FieldDescriptor field = binding.bodyField();
      Object schema = field == null ? types.of(input) : types.of(field);
      boolean stream = binding.method().shape().clientStreams();
      boolean raw = field == null ? isRaw(input) : isRaw(field);
      operation.put("requestBody", ordered("content", content(schema, stream, raw, false)));
    }
    operation.put("responses", responses(binding));
    paths
        .computeIfAbsent(path, name -> new TreeMap<>())
        .putIfAbsent(binding.httpMethod().toLowerCase(Locale.ROOT), operation);
  }

  private String operationId(HttpBinding binding) {
    String name = binding.method().fullName();
    int count = operations.merge(name, 1, Integer::sum);
    return count == 1 ? name : name + "." + count;
  }

  /** The path with parameters by position: two of one shape must be one path. */
  private String path(HttpBinding binding, List<Object> parameters) {
    PathTemplate template = binding.template();
    StringBuilder path = new StringBuilder();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < template.segments().size(); i++) {
      PathTemplate.Segment segment = template.segments().get(i);
      path.append('/');
      if (segment.kind() == Kind.LITERAL) {
        path.append(segment.literal());
      } else {
        String name = parameterName(template, i);
        names.add(name);
        path.append('{').append(name).append('}');
      }
    }
    path.append(template.verb().isEmpty() ? "" : ":" + template.verb());
    String known = pathOfShape.putIfAbsent(template.shape(), path.toString());
    String used = known == null ? path.toString() : known;
    for (String name : known == null ? names : namesIn(known)) {
      parameters.add(
          ordered(
              "name", name, "in", "path", "required", true, "schema", Map.of("type", "string")));
    }
    return used;
  }

  private static List<String> namesIn(String path) {
    List<String> names = new ArrayList<>();
    for (int at = path.indexOf('{'); at >= 0; at = path.indexOf('{', at + 1)) {
      names.add(path.substring(at + 1, path.indexOf('}', at)));
    }
    return names;
  }

  private static String parameterName(PathTemplate template, int segment) {
    for (Variable variable : template.variables()) {
      if (variable.start() <= segment && segment < variable.end()) {
        boolean alone = variable.end() - variable.start() == 1;
        return alone ? variable.name() : variable.name() + "." + (segment - variable.start());
      }
    }
    return "segment." + segment;
  }

  private void addQuery(
      HttpBinding binding,
      Descriptor type,
      String jsonPrefix,
      String prefix,
      List<Descriptor> outer,
      List<Object> parameters) {
    outer.add(type);
    for (FieldDescriptor field : type.getFields()) {
      String name = prefix + field.getName();
      boolean bound = binding.template().variables().stream().anyMatch(v -> v.name().equals(name));
      if (bound || field.equals(binding.bodyField()) || field.isMapField()) {
        continue;
      }
      boolean message = field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
      if (!message || TypeSchemas.isText(field.getMessageType())) {
        parameters.add(
            ordered(
                "name",
                jsonPrefix + field.getJsonName(),
                "in",
                "query",
                "schema",
                types.of(field)));
      } else if (!field.isRepeated()
          && outer.size() < MAX_QUERY_DEPTH
          && !outer.contains(field.getMessageType())) {
        String json = jsonPrefix + field.getJsonName() + ".";
        addQuery(binding, field.getMessageType(), json, name + ".", outer, parameters);
      }
    }
    outer.remove(outer.size() - 1);
  }

  private Object responses(HttpBinding binding) {
    FieldDescriptor field = binding.responseField();
    Descriptor output = binding.method().output();
    boolean stream = binding.method().shape().serverStreams();
    boolean raw = field == null ? isRaw(output) : isRaw(field);
    Object schema = field == null ? types.of(output) : types.of(field);
    return ordered(
        "200",
        ordered("description", "OK", "content", content(schema, stream, raw, true)),
        "default",
        ordered(
            "description",
            "the status of the failure",
            "content",
            content(types.of(Status.getDescriptor()), false, false, true)));
  }

  private Object content(Object schema, boolean stream, boolean raw, boolean answer) {
    if (raw) {
      return ordered("*/*", Map.of());
    }
    if (!stream) {
      return ordered("application/json", ordered("schema", schema));
    }
    Map<String, Object> content =
        ordered(
            "application/x-ndjson",
            ordered("schema", schema),
            "application/json",
            ordered("schema", types.array(schema)));
    if (answer) {
      content.put("text/event-stream", ordered("schema", schema));
    }
    return content;
  }

  private static boolean isRaw(Descriptor type) {
    return type.getFullName().equals(HTTP_BODY);
  }

  private static boolean isRaw(FieldDescriptor field) {
    return field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
        && !field.isRepeated()
        && isRaw(field.getMessageType());
  }

  private static byte[] write(Object document) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator generator = JSON.createGenerator(out)) {
      write(document, generator);
    } catch (IOException e) {
      throw new UncheckedIOException("writing into memory (expected: no failure)", e);
    }
    return out.toByteArray();
  }

  private static void write(Object value, JsonGenerator generator) throws IOException {
    if (value instanceof Map<?, ?> map) {
      generator.writeStartObject();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        generator.writeFieldName(String.valueOf(entry.getKey()));
        write(entry.getValue(), generator);
      }
      generator.writeEndObject();
    } else if (value instanceof List<?> list) {
      generator.writeStartArray();
      for (Object item : list) {
        write(item, generator);
      }
      generator.writeEndArray();
    } else if (value instanceof Boolean flag) {
      generator.writeBoolean(flag);
    } else {
      generator.writeString(String.valueOf(value));
    }
  }
}
