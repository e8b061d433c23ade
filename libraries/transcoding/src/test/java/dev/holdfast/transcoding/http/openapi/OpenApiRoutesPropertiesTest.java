package dev.holdfast.transcoding.http.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.api.CustomHttpPattern;
import com.google.api.HttpRule;
import dev.holdfast.transcoding.http.HttpRequestHead;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import dev.holdfast.transcoding.shop.ShopProto;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What documents promise is asked of the transcoder, and what it serves of the documents. */
class OpenApiRoutesPropertiesTest {
  private static final String BY_GET = "GET /v1/all";

  @Property(tries = 150)
  void eachOperationLeadsToItsMethod(@ForAll("rules") List<HttpRule> rules) {
    HttpTranscoder transcoder = made("shop.v1.Names", rules);
    OpenApiDocument document = OpenApiDocument.of(transcoder, OpenApiInfo.of("t", "1"));
    Map<String, JsonNode> operations = ParsedOpenApiDocument.of(document).operations();
    operations.forEach((where, operation) -> requireLeads(transcoder, where, operation, ""));
    assertThat(operations.size() + document.omitted().size())
        .isEqualTo(transcoder.bindings().size());
  }

  @Example
  void eachOperationOfTheShopLeadsToItsMethodWithEachOfItsParameters() {
    HttpTranscoder transcoder =
        made(
            "shop.v1.Everything",
            List.of(HttpRule.newBuilder().setGet(BY_GET.substring(4)).build()));
    ParsedOpenApiDocument parsedOpenApiDocument = ParsedOpenApiDocument.of(transcoder);
    parsedOpenApiDocument
        .operations()
        .forEach(
            (where, operation) -> {
              requireLeads(transcoder, where, operation, "");
              for (JsonNode parameter : operation.path("parameters")) {
                if (parameter.get("in").asText().equals("query")) {
                  requireLeads(
                      transcoder, where, operation, query(parsedOpenApiDocument, parameter));
                }
              }
            });
    assertThat(parsedOpenApiDocument.parameters(BY_GET, "query"))
        .contains(
            "anInt64",
            "ints",
            "stringsByName",
            "longByFlag",
            "durationByName",
            "timestamp",
            "mask",
            "value",
            "struct.fields",
            "any.typeUrl",
            "uint32Value",
            "chosenAuthor.address.city",
            "other-name")
        .doesNotContain("books", "bookByName", "empty", "self", "self.anInt64");
    assertThat(parsedOpenApiDocument.operation(BY_GET).get("description").asText())
        .contains("Further fields");
  }

  private static void requireLeads(
      HttpTranscoder transcoder, String where, JsonNode operation, String query) {
    String path = where.substring(where.indexOf(' ') + 1);
    List<String> names = new ArrayList<>();
    for (JsonNode parameter : operation.path("parameters")) {
      if (parameter.get("in").asText().equals("path")) {
        String name = parameter.get("name").asText();
        names.add(name);
        assertThat(path).contains("{" + name + "}");
        path = path.replace("{" + name + "}", "4");
      }
    }
    assertThat(path).as(names.toString()).doesNotContain("{");
    HttpRequestHead head =
        new HttpRequestHead(where.substring(0, where.indexOf(' ')), path, query, "", "");
    String method = transcoder.open(head).method().fullName();
    assertThat(operation.get("operationId").asText()).as(where).matches(method + "([.][0-9]+)?");
  }

  private static String query(ParsedOpenApiDocument parsedOpenApiDocument, JsonNode parameter) {
    JsonNode schema = parameter.get("schema");
    String name = parameter.get("name").asText();
    if (parameter.path("style").asText().equals("deepObject")) {
      String keys = schema.path("propertyNames").toString();
      String key = keys.contains("true") ? "true" : keys.contains("pattern") ? "-3" : "a b";
      return encoded(name + "[" + key + "]")
          + "="
          + encoded(example(parsedOpenApiDocument, schema.get("additionalProperties")));
    }
    return encoded(name) + "=" + encoded(example(parsedOpenApiDocument, schema));
  }

  private static String example(ParsedOpenApiDocument parsedOpenApiDocument, JsonNode given) {
    JsonNode schema = parsedOpenApiDocument.resolved(given);
    if (schema.has("enum")) {
      return schema.get("enum").get(0).asText();
    }
    if (schema.has("anyOf")) {
      return example(parsedOpenApiDocument, schema.get("anyOf").get(1));
    }
    return switch (schema.path("type").asText() + schema.path("format").asText()) {
      case "array" -> example(parsedOpenApiDocument, schema.get("items"));
      case "boolean" -> "true";
      case "stringdate-time" -> "2026-11-21T09:00:00.5+01:00";
      case "string" ->
          schema.has("pattern") ? "1.5s" : schema.has("contentEncoding") ? "AP8=" : "ab";
      default -> "7";
    };
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private static HttpTranscoder made(String type, List<HttpRule> rules) {
    var shop = ShopProto.getDescriptor().toProto().toBuilder();
    var names = shop.addMessageTypeBuilder().setName("Names");
    for (int i = 0; i < 6; i++) {
      names
          .addFieldBuilder()
          .setName("x" + i)
          .setNumber(i + 1)
          .setType(com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type.TYPE_STRING);
    }
    return HttpTranscoder.of(
        ServiceCatalog.of(
            List.of(shop.build(), ParsedOpenApiDocument.service(shop.getName(), type, rules))));
  }

  /** Each shape once for a method of HTTP, as transcoders want it. */
  @Provide
  Arbitrary<List<HttpRule>> rules() {
    Arbitrary<String> segment = Arbitraries.of("a", "b", "a%2Fc", "*", "{x%d}", "{x%d=b/*}", "**");
    Arbitrary<String> verb = Arbitraries.of("", "", "", ":a", ":v");
    Arbitrary<String> path =
        Combinators.combine(segment.list().ofMinSize(1).ofMaxSize(4), verb)
            .as(OpenApiRoutesPropertiesTest::template);
    Arbitrary<String> method = Arbitraries.of("GET", "GET", "GET", "POST", "PURGE", "*");
    return Combinators.combine(method, path)
        .as(OpenApiRoutesPropertiesTest::rule)
        .list()
        .ofMinSize(1)
        .ofMaxSize(10)
        .map(OpenApiRoutesPropertiesTest::distinct);
  }

  private static List<HttpRule> distinct(List<HttpRule> rules) {
    Map<String, HttpRule> byShape = new LinkedHashMap<>();
    for (HttpRule rule : rules) {
      String shape =
          dev.holdfast.transcoding.internal.route.PathTemplate.parse(rule.getCustom().getPath())
              .shape();
      byShape.putIfAbsent(rule.getCustom().getKind() + " " + shape, rule);
    }
    return new ArrayList<>(byShape.values());
  }

  private static HttpRule rule(String method, String path) {
    return HttpRule.newBuilder()
        .setCustom(CustomHttpPattern.newBuilder().setKind(method).setPath(path))
        .build();
  }

  private static String template(List<String> parts, String verb) {
    StringBuilder text = new StringBuilder();
    boolean any = false;
    for (int i = 0; i < parts.size(); i++) {
      String part = parts.get(i).replace("%d", Integer.toString(i));
      boolean wild = part.startsWith("*") || part.startsWith("{");
      text.append('/').append(any && wild ? "b" : part);
      any |= part.equals("**");
    }
    return text + verb;
  }
}
