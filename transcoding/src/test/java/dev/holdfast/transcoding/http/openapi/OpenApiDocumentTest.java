package dev.holdfast.transcoding.http.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import dev.holdfast.transcoding.shop.ShopProto;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class OpenApiDocumentTest {
  private static final HttpTranscoder SHOP =
      HttpTranscoder.of(ServiceCatalog.of(List.of(ShopProto.getDescriptor().toProto())));
  private static final String TEXT =
      new String(OpenApiDocument.of(SHOP, "shop \"1\"", "7"), StandardCharsets.UTF_8);
  private static final Pattern VARIABLE = Pattern.compile("\\{([^}]*)}");

  @Test
  void describesEveryMethodOnceForEachOfItsWays() {
    Struct document = document();
    assertThat(at(document, "openapi").getStringValue()).isEqualTo("3.1.0");
    assertThat(at(document, "info", "title").getStringValue()).isEqualTo("shop \"1\"");
    assertThat(at(document, "paths").getStructValue().getFieldsMap())
        .containsKeys(
            "/v1/shelves/{name.1}/books/{name.3}",
            "/v1/books/{book_id}",
            "/v1/shelves/{name.1}/books/{name.3}:move",
            "/v1/books/{book_id}/files/{file}",
            "/shop.v1.Shop/Echo")
        .doesNotContainKey("/shop.v1.Shop/GetBook");
    assertThat(
            at(document, "paths", "/v1/shelves/{name.1}/books/{name.3}")
                .getStructValue()
                .getFieldsMap())
        .containsOnlyKeys("get", "patch", "put");
    List<String> ids = new ArrayList<>();
    operations(document)
        .forEach((where, operation) -> ids.add(at(operation, "operationId").getStringValue()));
    assertThat(ids).doesNotHaveDuplicates().contains("shop.v1.Shop/GetBook", "shop.v1.Shop/Echo");
  }

  @Test
  void parametersOfThePathAreThoseInThePath() {
    operations(document())
        .forEach(
            (where, operation) -> {
              Set<String> expected = new HashSet<>();
              Matcher variable = VARIABLE.matcher(where);
              while (variable.find()) {
                expected.add(variable.group(1));
              }
              assertThat(parameters(operation, "path")).as(where).isEqualTo(expected);
            });
  }

  @Test
  void queriesHoldWhatIsNeitherInThePathNorInTheBody() {
    Map<String, Struct> operations = operations(document());
    assertThat(parameters(operation(operations, "get /v1/shelves/{parent.1}/books"), "query"))
        .containsExactlyInAnyOrder(
            "pageSize",
            "pageToken",
            "filter.genres",
            "filter.author.displayName",
            "filter.author.address.city",
            "filter.maxAge");
    assertThat(parameters(operation(operations, "post /v1/shelves/{parent.1}/books"), "query"))
        .containsExactly("requestId");
    assertThat(parameters(operation(operations, "post /shop.v1.Shop/Echo"), "query")).isEmpty();
  }

  @Test
  void everyReferenceLeadsToASchema() {
    Set<String> schemas =
        at(document(), "components", "schemas").getStructValue().getFieldsMap().keySet();
    assertThat(schemas).contains("shop.v1.Everything", "shop.v1.Genre", "google.rpc.Status");
    Matcher reference = Pattern.compile("#/components/schemas/([^\"]*)").matcher(TEXT);
    int count = 0;
    while (reference.find()) {
      assertThat(schemas).contains(reference.group(1));
      count++;
    }
    assertThat(count).isGreaterThan(20);
  }

  @Test
  void typesAreThoseOfJson() {
    Struct document = document();
    Struct types =
        at(document, "components", "schemas", "shop.v1.Everything", "properties").getStructValue();
    assertThat(types.getFieldsMap().keySet()).contains("anInt64", "other-name", "self");
    assertThat(at(types, "anInt64", "type").getStringValue()).isEqualTo("string");
    assertThat(at(types, "anInt32", "type").getStringValue()).isEqualTo("integer");
    assertThat(at(types, "timestamp", "format").getStringValue()).isEqualTo("date-time");
    assertThat(at(types, "ints", "type").getStringValue()).isEqualTo("array");
    assertThat(at(types, "bookByName", "additionalProperties", "$ref").getStringValue())
        .isEqualTo("#/components/schemas/shop.v1.Book");
    assertThat(at(types, "uint32Value", "format").getStringValue()).isEqualTo("uint32");
  }

  @Test
  void streamsHaveTheirContentTypes() {
    Map<String, Struct> operations = operations(document());
    Struct watch = operation(operations, "get /v1/shelves/{parent.1}/books:watch");
    assertThat(at(watch, "responses", "200", "content").getStructValue().getFieldsMap())
        .containsOnlyKeys("application/x-ndjson", "application/json", "text/event-stream");
    Struct imports = operation(operations, "post /v1/shelves/{parent.1}/books:import");
    assertThat(at(imports, "requestBody", "content").getStructValue().getFieldsMap())
        .containsOnlyKeys("application/x-ndjson", "application/json");
  }

  private static Struct document() {
    Struct.Builder parsed = Struct.newBuilder();
    try {
      JsonFormat.parser().merge(TEXT, parsed);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(TEXT, e);
    }
    return parsed.build();
  }

  /** By HTTP method and path. */
  private static Map<String, Struct> operations(Struct document) {
    Map<String, Struct> operations = new TreeMap<>();
    at(document, "paths")
        .getStructValue()
        .getFieldsMap()
        .forEach(
            (path, item) ->
                item.getStructValue()
                    .getFieldsMap()
                    .forEach(
                        (method, operation) ->
                            operations.put(method + " " + path, operation.getStructValue())));
    return operations;
  }

  private static Struct operation(Map<String, Struct> operations, String name) {
    assertThat(operations).containsKey(name);
    return operations.getOrDefault(name, Struct.getDefaultInstance());
  }

  private static Set<String> parameters(Struct operation, String in) {
    Set<String> names = new HashSet<>();
    Value parameters = operation.getFieldsOrDefault("parameters", Value.getDefaultInstance());
    for (Value parameter : parameters.getListValue().getValuesList()) {
      if (at(parameter.getStructValue(), "in").getStringValue().equals(in)) {
        names.add(at(parameter.getStructValue(), "name").getStringValue());
      }
    }
    return names;
  }

  private static Value at(Struct struct, String... path) {
    Value value = Value.newBuilder().setStructValue(struct).build();
    for (String name : path) {
      assertThat(value.getStructValue().getFieldsMap()).containsKey(name);
      value = value.getStructValue().getFieldsOrThrow(name);
    }
    return value;
  }
}
