package dev.holdfast.transcoding.http.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.api.AnnotationsProto;
import com.google.api.HttpRule;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import dev.holdfast.transcoding.http.HttpTranscoder;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** A document as its readers see it. */
final class ParsedOpenApiDocument {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final JsonSchema SPECIFICATION = specification();

  private final JsonNode root;

  private ParsedOpenApiDocument(JsonNode root) {
    this.root = root;
  }

  /** The document of what a transcoder serves; sound by the specification's own schema. */
  static ParsedOpenApiDocument of(HttpTranscoder transcoder) {
    return of(OpenApiDocument.of(transcoder, OpenApiInfo.of("shop \"1\"", "7")));
  }

  static ParsedOpenApiDocument of(OpenApiDocument document) {
    String text = new String(document.json(), StandardCharsets.UTF_8);
    assertThat(violations(text)).as(text).isEmpty();
    return new ParsedOpenApiDocument(tree(text));
  }

  /** Everything that OpenAPI's schema says against a text. */
  static Collection<String> violations(String document) {
    return SPECIFICATION.validate(document, InputFormat.JSON).stream()
        .map(String::valueOf)
        .toList();
  }

  static JsonNode tree(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(text, e);
    }
  }

  /** What stands at names, one within the other. */
  JsonNode at(String... names) {
    JsonNode node = root;
    for (String name : names) {
      assertThat(node.has(name)).as(name + " in " + node).isTrue();
      node = node.get(name);
    }
    return node;
  }

  /** By HTTP method in capitals and path. */
  Map<String, JsonNode> operations() {
    Map<String, JsonNode> operations = new TreeMap<>();
    for (Map.Entry<String, JsonNode> path : at("paths").properties()) {
      for (Map.Entry<String, JsonNode> each : path.getValue().properties()) {
        String method = each.getKey().toUpperCase(java.util.Locale.ROOT);
        operations.put(method + " " + path.getKey(), each.getValue());
      }
    }
    return operations;
  }

  JsonNode operation(String name) {
    Map<String, JsonNode> operations = operations();
    assertThat(operations).containsKey(name);
    return operations.getOrDefault(name, root);
  }

  Set<String> parameters(String operation, String in) {
    return names(operation(operation), in);
  }

  static Set<String> names(JsonNode operation, String in) {
    Set<String> names = new HashSet<>();
    for (JsonNode parameter : operation.path("parameters")) {
      if (parameter.get("in").asText().equals(in)) {
        assertThat(names.add(parameter.get("name").asText())).as(parameter.toString()).isTrue();
      }
    }
    return names;
  }

  /** The schema itself, behind its reference. */
  JsonNode resolved(JsonNode schema) {
    String reference = schema.path("$ref").asText("");
    return reference.isEmpty()
        ? schema
        : at("components", "schemas", reference.substring(reference.lastIndexOf('/') + 1));
  }

  /** A service whose methods have these rules; all take one type and answer with it. */
  static FileDescriptorProto service(String file, String type, List<HttpRule> rules) {
    FileDescriptorProto.Builder proto =
        FileDescriptorProto.newBuilder()
            .setName("made.proto")
            .setPackage("made.v1")
            .setSyntax("proto3")
            .addDependency(file)
            .addDependency("google/api/annotations.proto");
    for (int i = 0; i < rules.size(); i++) {
      MethodDescriptorProto.Builder method =
          MethodDescriptorProto.newBuilder()
              .setName("Method" + i)
              .setInputType("." + type)
              .setOutputType("." + type);
      method.getOptionsBuilder().setExtension(AnnotationsProto.http, rules.get(i));
      if (proto.getServiceCount() == 0) {
        proto.addServiceBuilder().setName("Made");
      }
      proto.getServiceBuilder(0).addMethod(method);
    }
    return proto.build();
  }

  private static JsonSchema specification() {
    try (InputStream in = ParsedOpenApiDocument.class.getResourceAsStream("openapi-3.1.json")) {
      return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
          .getSchema(java.util.Objects.requireNonNull(in));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
