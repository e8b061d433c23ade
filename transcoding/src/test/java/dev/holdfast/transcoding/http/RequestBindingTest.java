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
  void plusIsASpaceWhenAsked() throws InvalidProtocolBufferException {
    HttpTranscoder forms = transcoder(echoByGet(), OPTIONS.withPlusIsSpace(true));
    assertThat(bound(forms, "GET /v1/echo?aString=a+b%2Bc", ""))
        .isEqualTo("Echo a_string: \"a b+c\"");
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
    RequestHead head = RequestHead.of(words[0], words[1], contentType, "");
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
    String text = TextFormat.printer().emittingSingleLine(true).printToString(message);
    return (call.method().descriptor().getName() + " " + text).strip();
  }

  private static RequestHead head(String request) {
    String[] words = request.split(" ", 2);
    return RequestHead.of(words[0], words[1], "application/json", "");
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
