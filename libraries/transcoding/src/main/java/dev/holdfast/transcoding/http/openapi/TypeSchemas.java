package dev.holdfast.transcoding.http.openapi;

import static dev.holdfast.transcoding.http.openapi.BoundedJsonWriter.ordered;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.GenericDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.transcoding.json.JsonOptions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * JSON schemas of types, as protobuf's JSON writes them. Messages and enums become components that
 * others refer to, so that types may hold themselves. For one thread.
 */
final class TypeSchemas {
  /** The maximum number of oneof members for which a schema states mutual exclusion. */
  @Limit(
      of = "members of a oneof that exclude each other in an OpenAPI document",
      then = "of a larger oneof the document does not say that they do")
  static final int MAX_TOLD_APART = 8;

  private static final String REF = "#/components/schemas/";
  private static final String GOOGLE = "google.protobuf.";

  private final JsonOptions options;
  private final UnaryOperator<String> comments;
  private final SchemaNames names = new SchemaNames();
  private final Set<String> known = new HashSet<>();
  private final Deque<GenericDescriptor> open = new ArrayDeque<>();

  /**
   * Schemas of no type yet.
   *
   * @param comments by full names; "" for none
   */
  TypeSchemas(JsonOptions options, UnaryOperator<String> comments) {
    this.options = options;
    this.comments = comments;
  }

  /** Writes all referenced components, including those that they refer to. */
  void writeTo(BoundedJsonWriter out) {
    while (!open.isEmpty()) {
      GenericDescriptor type = open.remove();
      Map<String, Object> schema =
          type instanceof EnumDescriptor values ? component(values) : component((Descriptor) type);
      out.with(names.of(type), schema);
    }
  }

  private Map<String, Object> component(Descriptor type) {
    Map<String, Object> schema = new LinkedHashMap<>();
    describe(type.getFullName(), schema);
    schema.put("type", "object");
    if (type.getOptions().getDeprecated()) {
      schema.put("deprecated", true);
    }
    Map<String, Object> properties = new LinkedHashMap<>();
    for (FieldDescriptor field : type.getFields()) {
      String name = options.protoNames() ? field.getName() : field.getJsonName();
      properties.put(name, documented(field));
    }
    schema.put("properties", properties);
    List<Object> apart = new ArrayList<>();
    type.getRealOneofs().forEach(oneof -> addPairs(oneof, apart));
    if (!apart.isEmpty()) {
      schema.put("not", ordered("anyOf", apart));
    }
    return schema;
  }

  private void addPairs(OneofDescriptor oneof, List<Object> pairs) {
    List<String> members =
        oneof.getFields().stream()
            .map(field -> options.protoNames() ? field.getName() : field.getJsonName())
            .toList();
    for (int i = 0; i < members.size() && members.size() <= MAX_TOLD_APART; i++) {
      for (int k = i + 1; k < members.size(); k++) {
        pairs.add(ordered("required", List.of(members.get(i), members.get(k))));
      }
    }
  }

  private Map<String, Object> component(EnumDescriptor type) {
    Map<String, Object> schema = new LinkedHashMap<>();
    describe(type.getFullName(), schema);
    List<EnumValueDescriptor> values = type.getValues();
    List<String> valueNames = values.stream().map(EnumValueDescriptor::getName).toList();
    String said =
        values.stream()
            .filter(value -> !comment(type, value).isEmpty())
            .map(value -> "- " + value.getName() + ": " + comment(type, value))
            .collect(Collectors.joining("\n"));
    if (!said.isEmpty()) {
      schema.merge("description", said, (own, more) -> own + "\n\n" + more);
    }
    if (options.enumsAsNumbers()) {
      schema.put("type", "integer");
      schema.put("enum", values.stream().map(EnumValueDescriptor::getNumber).distinct().toList());
      schema.put("x-enum-varnames", valueNames);
    } else {
      schema.put("type", "string");
      schema.put("enum", valueNames);
    }
    return schema;
  }

  private String comment(EnumDescriptor type, EnumValueDescriptor value) {
    return comments.apply(type.getFullName() + "." + value.getName());
  }

  /** The schema of a field with its comment as the description. */
  Map<String, Object> documented(FieldDescriptor field) {
    Map<String, Object> schema = new LinkedHashMap<>();
    describe(field.getFullName(), schema);
    OneofDescriptor oneof = field.getRealContainingOneof();
    if (oneof != null) {
      schema.merge(
          "description",
          "At most one of oneof " + oneof.getName() + " is given.",
          (own, more) -> own + "\n\n" + more);
    }
    if (field.getOptions().getDeprecated()) {
      schema.put("deprecated", true);
    }
    of(field).forEach(schema::putIfAbsent);
    return schema;
  }

  private void describe(String fullName, Map<String, Object> schema) {
    String comment = comments.apply(fullName);
    if (!comment.isEmpty()) {
      schema.put("description", comment);
    }
  }

  Map<String, Object> of(FieldDescriptor field) {
    if (field.isMapField()) {
      Map<String, Object> map = ordered("type", "object");
      switch (field.getMessageType().findFieldByNumber(1).getJavaType()) {
        case BOOLEAN -> map.put("propertyNames", ordered("enum", List.of("true", "false")));
        case INT, LONG -> map.put("propertyNames", ordered("pattern", "^-?[0-9]+$"));
        default -> {}
      }
      map.put("additionalProperties", single(field.getMessageType().findFieldByNumber(2)));
      return map;
    }
    return field.isRepeated() ? array(single(field)) : single(field);
  }

  static Map<String, Object> array(Object items) {
    return ordered("type", "array", "items", items);
  }

  Map<String, Object> of(Descriptor type) {
    Map<String, Object> wellKnown = wellKnown(type);
    return wellKnown == null ? reference(type) : wellKnown;
  }

  private Map<String, Object> reference(GenericDescriptor type) {
    String name = names.of(type);
    if (known.add(name)) {
      open.add(type);
    }
    return ordered("$ref", REF + name);
  }

  private Map<String, Object> single(FieldDescriptor field) {
    return switch (field.getType()) {
      case DOUBLE -> floating("double");
      case FLOAT -> floating("float");
      case INT32, SINT32, SFIXED32 -> ordered("type", "integer", "format", "int32");
      case UINT32, FIXED32 -> ordered("type", "integer", "format", "uint32", "minimum", 0);
      case INT64, SINT64, SFIXED64 -> ordered("type", "string", "format", "int64");
      case UINT64, FIXED64 -> ordered("type", "string", "format", "uint64");
      case BOOL -> ordered("type", "boolean");
      case STRING -> ordered("type", "string");
      case BYTES -> ordered("type", "string", "contentEncoding", "base64");
      case ENUM ->
          field.getEnumType().getFullName().equals(GOOGLE + "NullValue")
              ? ordered("type", "null")
              : reference(field.getEnumType());
      case MESSAGE, GROUP -> of(field.getMessageType());
    };
  }

  private static Map<String, Object> floating(String format) {
    return ordered(
        "anyOf",
        List.of(
            ordered("type", "number", "format", format),
            ordered("type", "string", "enum", List.of("NaN", "Infinity", "-Infinity"))));
  }

  private @Nullable Map<String, Object> wellKnown(Descriptor type) {
    if (!type.getFullName().startsWith(GOOGLE)) {
      return null;
    }
    return switch (type.getFullName().substring(GOOGLE.length())) {
      case "Timestamp" -> ordered("type", "string", "format", "date-time");
      case "Duration" -> ordered("type", "string", "pattern", "^-?[0-9]+([.][0-9]{1,9})?s$");
      case "FieldMask" -> ordered("type", "string", "description", "Paths of fields, with commas.");
      case "Struct", "Empty" -> ordered("type", "object");
      case "Value" -> ordered();
      case "ListValue" -> array(ordered());
      case "Any" ->
          ordered(
              "type",
              "object",
              "description",
              "A message of any type, which @type names.",
              "properties",
              ordered("@type", ordered("type", "string")));
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
}
