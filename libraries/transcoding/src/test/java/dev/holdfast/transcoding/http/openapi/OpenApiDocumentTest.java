package dev.holdfast.transcoding.http.openapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.api.CustomHttpPattern;
import com.google.api.HttpRule;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.http.TranscodingOptions;
import dev.holdfast.transcoding.json.JsonCodec;
import dev.holdfast.transcoding.json.JsonOptions;
import dev.holdfast.transcoding.json.SchemaTypes;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import dev.holdfast.transcoding.shop.ShopProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class OpenApiDocumentTest {
  private static final FileDescriptorProto FILE = ShopProto.getDescriptor().toProto();
  private static final HttpTranscoder SHOP = HttpTranscoder.of(ServiceCatalog.of(List.of(FILE)));
  private static final ParsedOpenApiDocument DOCUMENT = ParsedOpenApiDocument.of(SHOP);
  private static final OpenApiInfo INFO = OpenApiInfo.of("t", "1");
  private static final String CHECK_BY_ID = "GET /v1/books/{book_id}";

  @Test
  void describesEveryWayIntoEveryMethod() {
    assertThat(DOCUMENT.at("info", "title").asText()).isEqualTo("shop \"1\"");
    assertThat(DOCUMENT.operations())
        .containsKeys(
            "GET /v1/shelves/{name.1}/books/{name.3}",
            "PATCH /v1/shelves/{name.1}/books/{name.3}",
            CHECK_BY_ID,
            "HEAD /v1/books/{book_id}",
            "POST /v1/shelves/{name.1}/books/{name.3}:move",
            "POST /v1/books/{book_id}/files/{file}",
            "POST /shop.v1.Shop/Echo",
            "POST /shop.v1.Shop/GetBook")
        .hasSize(SHOP.bindings().size());
    List<String> ids = new ArrayList<>();
    DOCUMENT.operations().values().forEach(each -> ids.add(each.get("operationId").asText()));
    assertThat(ids).doesNotHaveDuplicates().contains("shop.v1.Shop/Echo");
    assertThat(DOCUMENT.operation(CHECK_BY_ID).get("operationId").asText())
        .isEqualTo("shop.v1.Shop/GetBook.2");
    assertThat(DOCUMENT.operation("GET /v1/shelves/{name.1}/books/{name.3}").get("operationId"))
        .asString()
        .isEqualTo("\"shop.v1.Shop/GetBook\"");

    OpenApiDocument bare = OpenApiDocument.of(SHOP, INFO.withByName(false));
    assertThat(ParsedOpenApiDocument.of(bare).operations())
        .containsKeys("POST /shop.v1.Shop/Echo", CHECK_BY_ID)
        .doesNotContainKey("POST /shop.v1.Shop/GetBook");
  }

  @Test
  void queriesHoldWhatIsNeitherInThePathNorInTheBody() {
    assertThat(DOCUMENT.parameters("GET /v1/shelves/{parent.1}/books", "query"))
        .containsExactlyInAnyOrder(
            "pageSize",
            "pageToken",
            "filter.genres",
            "filter.author.displayName",
            "filter.author.address.city",
            "filter.maxAge");
    assertThat(DOCUMENT.parameters("POST /v1/shelves/{parent.1}/books", "query"))
        .containsExactly("requestId");
    assertThat(DOCUMENT.parameters("POST /shop.v1.Shop/Echo", "query")).isEmpty();
    JsonNode id = DOCUMENT.operation(CHECK_BY_ID).get("parameters").get(0);
    assertThat(id.toString()).contains("\"path\"", "\"int64\"", "\"required\":true");
  }

  @Test
  void ignoredParametersAreNone() {
    HttpTranscoder other =
        HttpTranscoder.of(
            SHOP.catalog(),
            TranscodingOptions.DEFAULT.withIgnoredParameters(Set.of("pageSize")),
            SHOP.codec());
    assertThat(
            ParsedOpenApiDocument.of(other).parameters("GET /v1/shelves/{parent.1}/books", "query"))
        .contains("pageToken")
        .doesNotContain("pageSize");
  }

  @Test
  void everyReferenceLeadsToASchema() {
    Matcher reference =
        Pattern.compile("#/components/schemas/([^\"]*)").matcher(DOCUMENT.at("paths").toString());
    int count = 0;
    while (reference.find()) {
      DOCUMENT.at("components", "schemas", reference.group(1));
      count++;
    }
    assertThat(count).isGreaterThan(20);
  }

  @Test
  void failuresAreStatuses() {
    assertThat(DOCUMENT.operation(CHECK_BY_ID).at("/responses/default/content").toString())
        .contains("application/json", "google.rpc.Status");
    assertThat(DOCUMENT.at("components", "schemas", "google.rpc.Status").toString())
        .contains("\"code\"", "\"message\"", "\"details\"", "@type");
  }

  @Test
  void streamsHaveTheirContentTypes() {
    JsonNode watch = DOCUMENT.operation("GET /v1/shelves/{parent.1}/books:watch");
    assertThat(watch.at("/responses/200/content").fieldNames())
        .toIterable()
        .containsOnly("application/x-ndjson", "application/json", "text/event-stream");
    JsonNode imports = DOCUMENT.operation("POST /v1/shelves/{parent.1}/books:import");
    assertThat(imports.at("/requestBody/content").fieldNames())
        .toIterable()
        .containsOnly("application/x-ndjson", "application/json");
    JsonNode download = DOCUMENT.operation("GET /v1/shelves/{name.1}/books/{name.3}:download");
    assertThat(download.at("/responses/200/content").fieldNames()).toIterable().containsOnly("*/*");
  }

  @Test
  void jsonLooksAsItsOptionsSay() {
    JsonCodec codec =
        JsonCodec.of(SchemaTypes.of(SHOP.catalog().typeFiles()))
            .with(JsonOptions.DEFAULT.withProtoNames(true).withEnumsAsNumbers(true));
    HttpTranscoder other = HttpTranscoder.of(SHOP.catalog(), TranscodingOptions.DEFAULT, codec);
    ParsedOpenApiDocument parsedOpenApiDocument = ParsedOpenApiDocument.of(other);
    assertThat(
            parsedOpenApiDocument
                .at("components", "schemas", "shop.v1.Everything", "properties")
                .fieldNames())
        .toIterable()
        .contains("an_int64", "renamed");
    assertThat(
            parsedOpenApiDocument.at("components", "schemas", "shop.v1.Genre", "enum").toString())
        .isEqualTo("[0,1,2]");
  }

  @Test
  void whatOpenApiCantSayIsTold() {
    HttpTranscoder made =
        made(
            HttpRule.newBuilder().setGet("/v1/{name}").build(),
            HttpRule.newBuilder().setGet("/v1/{other=**}").build(),
            custom("PURGE", "/v1/{name}"),
            custom("*", "/v1/{name}:any"),
            HttpRule.newBuilder().setGet("/v1/a%20b/{name=x%2Fy/*}").build());
    OpenApiDocument document = OpenApiDocument.of(made, INFO);
    assertThat(document.omitted())
        .containsExactly(
            "GET /v1/{other=**} -> made.v1.Made/Method1: in OpenAPI its path is also that of"
                + " GET /v1/{name} -> made.v1.Made/Method0",
            "PURGE /v1/{name} -> made.v1.Made/Method2: OpenAPI 3.1 has no method PURGE");
    ParsedOpenApiDocument parsedOpenApiDocument = ParsedOpenApiDocument.of(document);
    assertThat(parsedOpenApiDocument.at("x-holdfast-omitted")).hasSize(2);
    // Not GET: there /v1/{name} takes the colon for a part of its segment.
    assertThat(parsedOpenApiDocument.operation("POST /v1/{name}:any").get("description").asText())
        .isEqualTo("Any method of HTTP is taken.");
    assertThat(parsedOpenApiDocument.operations()).containsKey("GET /v1/a%20b/x%2Fy/{name.1}");
  }

  @Test
  void servicesSideBySideAreOneDocument() {
    FileDescriptorProto.Builder changed = FILE.toBuilder();
    changed
        .getMessageTypeBuilder(0)
        .addFieldBuilder()
        .setName("more")
        .setNumber(99)
        .setType(FieldDescriptorProto.Type.TYPE_BOOL);
    changed.getServiceBuilder(0).setName("Annex");
    TreeMap<String, HttpTranscoder> served = new TreeMap<>();
    served.put("annex", HttpTranscoder.of(ServiceCatalog.of(List.of(changed.build()))));
    served.put("shop", SHOP);
    OpenApiDocument document = OpenApiDocument.of(served, TranscoderRouting.NONE, INFO);
    assertThat(document.omitted())
        .contains(
            "GET /v1/books/{book_id} -> shop.v1.Shop/GetBook: its path is served by shop and"
                + " annex");
    ParsedOpenApiDocument parsedOpenApiDocument = ParsedOpenApiDocument.of(document);
    assertThat(parsedOpenApiDocument.operations())
        .containsKeys("POST /shop.v1.Annex/Echo", "POST /shop.v1.Shop/Echo")
        .doesNotContainKey(CHECK_BY_ID);
    assertThat(
            parsedOpenApiDocument
                .at("components", "schemas", "shop.v1.Book", "properties")
                .has("more"))
        .isTrue();
    assertThat(
            parsedOpenApiDocument
                .at("components", "schemas", "shop.v1.Book.2", "properties")
                .has("more"))
        .isFalse();
    assertThat(parsedOpenApiDocument.at("components", "schemas").toString())
        .doesNotContain("google.rpc.Status.2");

    TranscoderRouting toAnnex =
        path -> path.startsWith("/v1/") ? Optional.of("annex") : Optional.empty();
    OpenApiDocument led = OpenApiDocument.of(served, toAnnex, INFO);
    assertThat(ParsedOpenApiDocument.of(led).operation(CHECK_BY_ID).get("operationId").asText())
        .isEqualTo("shop.v1.Annex/GetBook.2");
    assertThat(led.omitted())
        .contains(
            "GET /v1/books/{book_id} -> shop.v1.Shop/GetBook: its path is routed to annex, not to"
                + " shop");
  }

  @Test
  void commentsOfTheProtoAreDescriptions() {
    FileDescriptorProto.Builder file = FILE.toBuilder();
    comment(file, " Sells books.\n\n Well.\n", 6, 0);
    comment(file, " One book.\n", 6, 0, 2, 0);
    comment(file, " Printed matter.\n", 4, 0);
    comment(file, " How many.\n", 4, 0, 2, 2);
    comment(file, " Verses.\n", 5, 0, 2, 1);
    // Comments outlive that catalogs are put together.
    ServiceCatalog catalog = ServiceCatalog.empty().with(ServiceCatalog.of(List.of(file.build())));
    assertThat(catalog.hash()).isNotEqualTo(SHOP.catalog().hash());
    ParsedOpenApiDocument parsedOpenApiDocument =
        ParsedOpenApiDocument.of(HttpTranscoder.of(catalog));
    assertThat(parsedOpenApiDocument.at("tags").toString())
        .isEqualTo("[{\"name\":\"shop.v1.Shop\",\"description\":\"Sells books.\\n\\nWell.\"}]");
    assertThat(parsedOpenApiDocument.operation(CHECK_BY_ID).get("description").asText())
        .isEqualTo("One book.");
    JsonNode book = parsedOpenApiDocument.at("components", "schemas", "shop.v1.Book");
    assertThat(book.get("description").asText()).isEqualTo("Printed matter.");
    assertThat(book.at("/properties/pageCount/description").asText()).isEqualTo("How many.");
    assertThat(
            parsedOpenApiDocument
                .at("components", "schemas", "shop.v1.Genre", "description")
                .asText())
        .isEqualTo("- POETRY: Verses.");
  }

  @Test
  void aDocumentHasALargestSize() {
    TreeMap<String, HttpTranscoder> served = new TreeMap<>(Map.of("shop", SHOP));
    int size = OpenApiDocument.of(served, TranscoderRouting.NONE, INFO).json().length;
    assertThat(OpenApiDocument.of(served, TranscoderRouting.NONE, INFO, size).json()).hasSize(size);
    assertThatExceptionOfType(DocumentTooLargeException.class)
        .isThrownBy(() -> OpenApiDocument.of(served, TranscoderRouting.NONE, INFO, size - 1))
        .withMessageContaining("(expected: <= " + (size - 1) + ")");
  }

  @Test
  void theSpecificationsSchemaSaysWhatIsWrong() {
    assertThat(ParsedOpenApiDocument.violations("{\"openapi\":\"3.1.0\",\"paths\":{}}"))
        .isNotEmpty();
    assertThat(
            ParsedOpenApiDocument.violations(
                "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"t\",\"version\":\"1\"},\"paths\":"
                    + "{\"/a\":{\"get\":{\"parameters\":[{\"in\":\"nowhere\"}]}}}}"))
        .isNotEmpty();
  }

  private static HttpTranscoder made(HttpRule... rules) {
    FileDescriptorProto.Builder file = FILE.toBuilder();
    var request = file.addMessageTypeBuilder().setName("Names");
    for (String name : List.of("name", "other")) {
      request
          .addFieldBuilder()
          .setName(name)
          .setNumber(request.getFieldCount())
          .setType(FieldDescriptorProto.Type.TYPE_STRING);
    }
    FileDescriptorProto service =
        ParsedOpenApiDocument.service(FILE.getName(), "shop.v1.Names", List.of(rules));
    return HttpTranscoder.of(ServiceCatalog.of(List.of(file.build(), service)));
  }

  private static HttpRule custom(String kind, String path) {
    return HttpRule.newBuilder()
        .setCustom(CustomHttpPattern.newBuilder().setKind(kind).setPath(path))
        .build();
  }

  private static void comment(FileDescriptorProto.Builder file, String text, int... path) {
    var location = file.getSourceCodeInfoBuilder().addLocationBuilder().setLeadingComments(text);
    for (int step : path) {
      location.addPath(step);
    }
  }
}
