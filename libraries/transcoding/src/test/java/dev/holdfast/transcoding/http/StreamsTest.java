package dev.holdfast.transcoding.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.api.HttpBody;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.holdfast.transcoding.json.CodecBuffer;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import dev.holdfast.transcoding.shop.AttachResponse;
import dev.holdfast.transcoding.shop.Book;
import dev.holdfast.transcoding.shop.CreateBookRequest;
import dev.holdfast.transcoding.shop.ListBooksResponse;
import dev.holdfast.transcoding.shop.ShopProto;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StreamsTest {
  private static final HttpTranscoder SHOP =
      HttpTranscoder.of(ServiceCatalog.of(List.of(ShopProto.getDescriptor().toProto())));
  private static final byte[] A = {'{', '"', 'a', '"', ':', '\n', '1', '}'};
  private static final byte[] ERROR = "{\"code\":14}".getBytes(StandardCharsets.UTF_8);

  @Test
  void linesEndWithAnErrorElement() {
    StreamFraming lines = StreamFraming.lines();
    assertThat(text(lines.message(A, 0, A.length))).isEqualTo("{\"a\": 1}\n");
    assertThat(text(lines.end(null).bytes())).isEmpty();
    assertThat(lines.end(null).isComplete()).isTrue();
    assertThat(text(lines.end(ERROR).bytes())).isEqualTo("{\"error\":{\"code\":14}}\n");
    assertThat(lines.end(ERROR).isComplete()).isTrue();
    assertThat(lines.ping()).isEmpty();
  }

  @Test
  void eventsEndWithOneThatSaysHow() {
    StreamFraming events = StreamFraming.serverSentEvents();
    assertThat(text(events.message(A, 0, A.length))).isEqualTo("data: {\"a\": 1}\n\n");
    assertThat(text(events.ping())).isEqualTo(": ping\n\n");
    assertThat(text(events.end(null).bytes())).isEqualTo("event: end\ndata: {}\n\n");
    assertThat(text(events.end(ERROR).bytes())).isEqualTo("event: error\ndata: {\"code\":14}\n\n");
  }

  @Test
  void arrayThatFailedIsNeverJson() {
    StreamFraming array = StreamFraming.jsonArray();
    assertThat(text(array.end(null).bytes())).isEqualTo("[]");
    String body = text(array.message(A, 1, 3)) + text(array.message(A, 1, 3));
    assertThat(body).isEqualTo("[\"a\",\"a\"");
    assertThat(text(array.end(null).bytes())).isEqualTo("]");
    assertThat(array.end(ERROR).bytes()).isEmpty();
    assertThat(array.end(ERROR).isComplete()).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "'' | application/x-ndjson",
        "*/* | application/x-ndjson",
        "application/json | application/json",
        "application/json, application/x-ndjson | application/x-ndjson",
        "text/event-stream | text/event-stream",
        "Text/Event-Stream;q=0.5, */* | text/event-stream",
        "text/event-stream;q=0, */* | application/x-ndjson",
        "text/event-stream; q=0.0 , application/json;q=1 | application/json",
        "text/html,application/xhtml+xml | application/x-ndjson"
      })
  void clientChoosesHowAStreamIsWritten(String accept, String contentType) {
    HttpCall call = SHOP.open(HttpRequestHead.of("GET", "/v1/shelves/1/books:watch", "", accept));
    assertThat(call.responseStream().contentType()).isEqualTo(contentType);
  }

  @Test
  void streamOfHttpBodiesIsTheirBytes() throws UnreadableResponseException {
    HttpCall call = SHOP.open(HttpRequestHead.of("GET", "/v1/shelves/1/books:download", "", ""));
    StreamFraming framing = call.responseStream();
    CodecBuffer out = new CodecBuffer();
    byte[] message = httpBody("text/csv", "a,\r\nb").toByteArray();
    assertThat(call.response(message, 0, message.length, out)).isEqualTo("text/csv");
    assertThat(text(framing.message(out.array(), 0, out.size()))).isEqualTo("a,\r\nb");
    assertThat(framing.end(null).isComplete()).isTrue();
    assertThat(framing.end(ERROR).isComplete()).isFalse();
  }

  @Test
  void urlIsInTheFirstMessageOfAStreamOnly() throws InvalidProtocolBufferException {
    for (String type : List.of("application/json", "application/x-ndjson")) {
      String body = "{\"title\":\"a\"}\n{\"title\":\"b\"}";
      String sent =
          type.endsWith("n") && !type.endsWith("ndjson")
              ? "[" + body.replace("\n", ",") + "]"
              : body;
      HttpCall call =
          SHOP.open(HttpRequestHead.of("POST", "/v1/shelves/1/books:import?requestId=r", type, ""));
      List<byte[]> messages = stream(call, sent);
      assertThat(messages).hasSize(2);
      assertThat(CreateBookRequest.parseFrom(messages.get(0)))
          .isEqualTo(
              CreateBookRequest.newBuilder()
                  .setParent("shelves/1")
                  .setRequestId("r")
                  .setBook(Book.newBuilder().setTitle("a"))
                  .build());
      assertThat(CreateBookRequest.parseFrom(messages.get(1)))
          .isEqualTo(
              CreateBookRequest.newBuilder().setBook(Book.newBuilder().setTitle("b")).build());
    }
  }

  @Test
  void streamOfHttpBodiesHasAMessageForEachPiece() throws InvalidProtocolBufferException {
    HttpCall call = SHOP.open(HttpRequestHead.of("POST", "/v1/uploads", "image/png", ""));
    List<byte[]> messages = stream(call, "0123456");
    assertThat(messages).hasSize(2);
    assertThat(HttpBody.parseFrom(messages.get(0))).isEqualTo(httpBody("image/png", "01234"));
    assertThat(HttpBody.parseFrom(messages.get(1))).isEqualTo(httpBody("image/png", "56"));
  }

  @Test
  void streamHandsOutWhatCameBeforeAMistake() {
    HttpCall call = SHOP.open(HttpRequestHead.of("POST", "/v1/chat", "application/json", ""));
    List<byte[]> messages = new ArrayList<>();
    StreamedRequestDecoder stream = call.requestDecoder();
    byte[] body = "[{\"title\":\"a\"},{\"title\":7}]".getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(
            () ->
                stream.feed(
                    body,
                    0,
                    body.length,
                    (bytes, at, length) -> messages.add(Arrays.copyOfRange(bytes, at, length))))
        .isInstanceOf(RequestRefusedException.class)
        .hasMessageContaining("title");
    assertThat(messages).hasSize(1);
    assertThat(stream.messages()).isEqualTo(1);
  }

  @Test
  void answersAreWrittenAsTheRuleSays() throws UnreadableResponseException {
    Book book = Book.newBuilder().setName("n").setIsbn(5).build();
    assertThat(answer("GET /v1/books/1", book.toByteArray()))
        .isEqualTo("application/json {\"name\":\"n\",\"isbn\":\"5\"}");
    ListBooksResponse books =
        ListBooksResponse.newBuilder().addBooks(book).addBooks(book).setNextPageToken("t").build();
    assertThat(answer("GET /v1/shelves/1/books", books.toByteArray()))
        .isEqualTo(
            "application/json [{\"name\":\"n\",\"isbn\":\"5\"},{\"name\":\"n\",\"isbn\":\"5\"}]");
    assertThat(answer("GET /v1/shelves/1/books", new byte[0])).isEqualTo("application/json []");
  }

  @Test
  void httpBodiesAreAnsweredByteForByte() throws UnreadableResponseException {
    assertThat(
            answer(
                "GET /v1/shelves/1/books/2:download", httpBody("image/png", "\0é").toByteArray()))
        .isEqualTo("image/png \0é");
    assertThat(answer("GET /v1/shelves/1/books/2:download", new byte[0]))
        .isEqualTo("application/octet-stream ");
    assertThat(
            answer(
                "GET /v1/shelves/1/books/2:download",
                httpBody("a\r\nset-cookie: b", "c").toByteArray()))
        .isEqualTo("application/octet-stream c");
    AttachResponse attached =
        AttachResponse.newBuilder().setContent(httpBody("text/x", "y")).build();
    assertThat(answer("POST /v1/books/7/files/a", attached.toByteArray())).isEqualTo("text/x y");
    assertThat(answer("POST /v1/books/7/files/a", new byte[0]))
        .isEqualTo("application/octet-stream ");
  }

  @Test
  void answerThatIsNoMessageOfItsTypeIsAFailure() {
    for (String request : List.of("GET /v1/books/1", "GET /v1/shelves/1/books")) {
      assertThatThrownBy(() -> answer(request, new byte[] {8, -1}))
          .isInstanceOf(UnreadableResponseException.class)
          .hasMessageStartingWith("response of shop.v1.Shop/");
    }
  }

  private static String answer(String request, byte[] message) throws UnreadableResponseException {
    String[] words = request.split(" ", 2);
    HttpCall call = SHOP.open(HttpRequestHead.of(words[0], words[1], "", ""));
    CodecBuffer out = new CodecBuffer();
    String type = call.response(message, 0, message.length, out);
    return type + " " + text(out.toByteArray());
  }

  private static List<byte[]> stream(HttpCall call, String body) {
    List<byte[]> messages = new ArrayList<>();
    StreamedRequestDecoder.RequestMessageHandler requestMessageHandler =
        (bytes, at, length) -> messages.add(Arrays.copyOfRange(bytes, at, at + length));
    StreamedRequestDecoder stream = call.requestDecoder();
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < bytes.length; i += 5) {
      stream.feed(bytes, i, Math.min(5, bytes.length - i), requestMessageHandler);
    }
    stream.end(requestMessageHandler);
    return messages;
  }

  private static HttpBody httpBody(String type, String data) {
    return HttpBody.newBuilder()
        .setContentType(type)
        .setData(ByteString.copyFromUtf8(data))
        .build();
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
