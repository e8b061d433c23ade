package dev.holdfast.transcoding.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.api.AnnotationsProto;
import com.google.api.HttpRule;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.TextFormat;
import dev.holdfast.transcoding.json.CodecBuffer;
import dev.holdfast.transcoding.json.JsonCodec;
import dev.holdfast.transcoding.json.JsonOptions;
import dev.holdfast.transcoding.json.SchemaTypes;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import dev.holdfast.transcoding.shop.ShopProto;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;

class RequestBindingTest {
  private static final TranscodingOptions OPTIONS =
      TranscodingOptions.DEFAULT.withIgnoredParameters(Set.of("api_key"));
  private static final HttpTranscoder SHOP =
      transcoder(ShopProto.getDescriptor().toProto(), OPTIONS);

  /** The same with Echo under {@code GET /v1/echo}, all in the query. */
  private static final HttpTranscoder ECHO = transcoder(echoByGet(), OPTIONS);

  @ParameterizedTest
  @CsvFileSource(resources = "/routes/requests.txt", delimiter = '|', quoteCharacter = '`')
  void bindsPathQueryAndBody(
      String request, @Nullable String body, String status, @Nullable String outcome)
      throws InvalidProtocolBufferException {
    String expected = outcome == null ? "" : outcome;
    try {
      assertThat(bound(SHOP, request, body == null ? "" : body))
          .isEqualTo((status + " " + expected).strip());
    } catch (RequestRefusedException e) {
      assertThat(e.httpStatus() + " " + e.getMessage())
          .startsWith(status + " ")
          .contains(expected.strip());
    }
  }

  @ParameterizedTest
  @CsvFileSource(resources = "/routes/values.txt", delimiter = '|', quoteCharacter = '`')
  void readsEveryKindOfValueFromTheQuery(String query, @Nullable String outcome)
      throws InvalidProtocolBufferException {
    String expected = outcome == null ? "" : outcome;
    try {
      assertThat(bound(ECHO, "GET /v1/echo?" + query, "")).isEqualTo(("Echo " + expected).strip());
    } catch (RequestRefusedException e) {
      assertThat("!" + e.getMessage()).startsWith(expected.substring(0, 1));
      assertThat(e.httpStatus()).isEqualTo(400);
      assertThat(e.getMessage()).contains(expected.substring(1));
    }
  }

  @Test
  void plusIsASpaceUnlessItIsNot() throws InvalidProtocolBufferException {
    String request = "GET /v1/echo?aString=a+b%2Bc";
    assertThat(bound(ECHO, request, "")).isEqualTo("Echo a_string: \"a b+c\"");
    HttpTranscoder raw = transcoder(echoByGet(), OPTIONS.withPlusIsSpace(false));
    assertThat(bound(raw, request, "")).isEqualTo("Echo a_string: \"a+b+c\"");
  }

  /** As {@code requests.txt}, with what other transcoders take. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "GET /v1/books/7?book_id=8 | | GetBook book_id: 7",
        "GET /v1/books/7?bookId=x | | GetBook book_id: 7",
        "GET /v1/books/7 | {} | GetBook book_id: 7",
        "GET /v1/books/7 | ` { } ` | GetBook book_id: 7",
        "GET /v1/books/7 | {\"name\":1} | 400 body: 10 bytes (expected: none",
        "GET /v1/books/7 | {}x | 400 body: 3 bytes (expected: none",
        "GET /v1/books/7 | { | 400 body: 1 bytes (expected: none",
        "GET /v1/shelves/1/books?parent=x&pageSize=5 | | ListBooks parent: \"shelves/1\" page_size:"
            + " 5",
        "POST /v1/shelves/1/books?book.title=t | {} | 400 query parameter book.title: not in the",
        "PATCH /v1/shelves/1/books/2?update_mask=page_count,author.display_name | {\"title\":\"t\"}"
            + " | UpdateBook book { name: \"shelves/1/books/2\" title: \"t\" } update_mask { paths:"
            + " \"page_count\" paths: \"author.display_name\" }",
        "POST /v1/shelves/1/books/2:move | {\"name\":\"other\"} | 400 body: field name contradicts",
      })
  void takesWhatOthersTakeWhenAsked(String request, @Nullable String body, String outcome)
      throws InvalidProtocolBufferException {
    JsonCodec codec = SHOP.codec().with(JsonOptions.DEFAULT.withSnakeCaseMasks(true));
    HttpTranscoder lenient = HttpTranscoder.of(SHOP.catalog(), OPTIONS.withLenient(true), codec);
    String found;
    try {
      found = bound(lenient, request, body == null ? "" : body);
    } catch (RequestRefusedException e) {
      found = e.httpStatus() + " " + e.getMessage();
    }
    assertThat(found).startsWith(outcome);
  }

  @Test
  void ignoresAllUnknownParametersWhenAsked() throws InvalidProtocolBufferException {
    HttpTranscoder ignoring =
        transcoder(echoByGet(), OPTIONS.withIgnoredParameters(Set.of(TranscodingOptions.ANY)));
    assertThat(bound(ignoring, "GET /v1/echo?utm=1&aString=a&self.none=2&none[a]=b", ""))
        .isEqualTo("Echo a_string: \"a\"");
    assertThat(refused(ignoring, "GET /v1/echo?anInt32=x")).contains("anInt32: 'x'");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pageSiz=1 | ; did you mean pageSize?)",
        "page_siz=1 | ; did you mean pageSize?)",
        "filtr.author=1 | ; did you mean filter?)",
        "filter.genre=1 | ; did you mean genres?)",
        "filter.autor.name=1 | ; did you mean author?)",
        "filtr[a]=1 | ; did you mean filter?)",
        "utm=1 | (expected: one of its fields)",
        "=1 | (expected: one of its fields)",
      })
  void tellsWhichFieldAQueryMeantToThoseWhoMayKnowIt(String query, String told) {
    JsonCodec codec = SHOP.codec().with(JsonOptions.DEFAULT.withNearestNames(true));
    HttpTranscoder telling = HttpTranscoder.of(SHOP.catalog(), OPTIONS, codec);
    String request = "GET /v1/shelves/1/books?" + query;
    assertThat(refused(telling, request)).endsWith(told);
    assertThat(refused(SHOP, request)).endsWith("(expected: one of its fields)");
  }

  @Test
  void masksAreMadeOfBodiesWithLongKeysToo() throws InvalidProtocolBufferException {
    String key = "k".repeat(100_000);
    assertThat(bound(SHOP, "PATCH /v1/shelves/1/books/2", "{\"labels\":{\"" + key + "\":\"v\"}}"))
        .endsWith("update_mask { paths: \"labels\" }");
  }

  @Test
  void boundsQueries() {
    String many = "GET /v1/echo?" + "ints=1&".repeat(QueryBinder.MAX_PARAMETERS);
    assertThat(refused(ECHO, many)).isNull();
    assertThat(refused(ECHO, many + "ints=1"))
        .isEqualTo("query: more than 1000 parameters (expected: <= 1000)");
    String deep = "self.".repeat(QueryBinder.MAX_FIELD_DEPTH - 1) + "maybe=1";
    assertThat(refused(ECHO, "GET /v1/echo?" + deep)).isNull();
    assertThat(refused(ECHO, "GET /v1/echo?self." + deep)).contains("nested too deep");
  }

  @Test
  void bodiesAreBounded() {
    JsonCodec codec = JsonCodec.of(SchemaTypes.of(SHOP.catalog().typeFiles()));
    HttpTranscoder small =
        HttpTranscoder.of(
            SHOP.catalog(), OPTIONS, codec.with(codec.options().withMaxInputBytes(10)));
    HttpCall call = small.open(head("POST /v1/shelves/1/books"));
    byte[] body = "{\"a\":12345}".getBytes(StandardCharsets.UTF_8);
    try {
      call.request(body, 0, body.length, new CodecBuffer());
      throw new AssertionError("taken");
    } catch (RequestRefusedException e) {
      assertThat(e.httpStatus()).isEqualTo(413);
      assertThat(e).hasMessage("body: 11 bytes (expected: <= 10)");
    }
  }

  @ParameterizedTest
  @CsvFileSource(resources = "/routes/content-types.txt", delimiter = '|')
  void refusesBodiesOfOtherTypes(String request, String contentType, boolean taken) {
    String[] words = request.split(" ", 2);
    HttpRequestHead head = HttpRequestHead.of(words[0], words[1], contentType, "");
    int status = 200;
    try {
      SHOP.open(head);
    } catch (RequestRefusedException e) {
      status = e.httpStatus();
    }
    assertThat(status).isEqualTo(taken ? 200 : 415);
  }

  private static @Nullable String refused(HttpTranscoder transcoder, String request) {
    try {
      transcoder.open(head(request));
      return null;
    } catch (RequestRefusedException e) {
      return e.getMessage();
    }
  }

  private static String bound(HttpTranscoder transcoder, String request, String body)
      throws InvalidProtocolBufferException {
    HttpCall call = transcoder.open(head(request));
    byte[] json = ("<" + body + ">").getBytes(StandardCharsets.UTF_8);
    CodecBuffer out = new CodecBuffer();
    call.request(json, 1, json.length - 2, out);
    DynamicMessage message = DynamicMessage.parseFrom(call.method().input(), out.toByteArray());
    // Not every version of protobuf prints on one line, and an unknown number of an enum as a
    // number.
    String text =
        TextFormat.printer()
            .printToString(message)
            .replaceAll("\n *", " ")
            .replaceAll("UNKNOWN_ENUM_VALUE_\\w+_", "");
    return (call.method().descriptor().getName() + " " + text).strip();
  }

  private static HttpRequestHead head(String request) {
    String[] words = request.split(" ", 2);
    return HttpRequestHead.of(words[0], words[1], "application/json", "");
  }

  private static HttpTranscoder transcoder(FileDescriptorProto file, TranscodingOptions options) {
    ServiceCatalog catalog = ServiceCatalog.of(List.of(file));
    return HttpTranscoder.of(catalog, options, JsonCodec.of(SchemaTypes.of(catalog.typeFiles())));
  }

  private static FileDescriptorProto echoByGet() {
    FileDescriptorProto.Builder file = ShopProto.getDescriptor().toProto().toBuilder();
    file.getServiceBuilder(0).getMethodBuilderList().stream()
        .filter(method -> method.getName().equals("Echo"))
        .forEach(
            method ->
                method
                    .getOptionsBuilder()
                    .setExtension(
                        AnnotationsProto.http, HttpRule.newBuilder().setGet("/v1/echo").build()));
    return file.build();
  }
}
