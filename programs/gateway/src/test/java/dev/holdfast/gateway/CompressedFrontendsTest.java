package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.greet.HelloReply;
import dev.holdfast.gateway.greet.HelloRequest;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.transcoding.http.EnvelopeReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Gzip over every frontend in both directions, and bodies that are not gzip. */
final class CompressedFrontendsTest {
  private static final String HELLO = "/test.greet.Greeter/SayHello";
  private static final String MANY = "/test.greet.Greeter/SayMany";
  private static final String CHAT = "/test.greet.Greeter/Chat";
  private static final String TYPE = "content-type";
  private static final int COMPRESSED = 1;
  private static final int LARGE = 5_000;
  private static final int BOMB_BYTES = 5_000_000;

  private final FrontendRig frontends;

  CompressedFrontendsTest() throws IOException {
    frontends = new FrontendRig();
  }

  @AfterEach
  void close() {
    frontends.close();
  }

  @Test
  void connectUnaryIsCompressedBothWays() throws Exception {
    byte[] request = hello("c", LARGE).toByteArray();
    HttpResponse<byte[]> answer =
        frontends.postBytes(
            HELLO,
            gzip(request),
            TYPE,
            "application/proto",
            "content-encoding",
            "gzip",
            "accept-encoding",
            "gzip");
    assertThat(answer.headers().firstValue("content-encoding")).contains("gzip");
    assertThat(answer.headers().firstValueAsLong("content-length")).hasValue(answer.body().length);
    assertThat(HelloReply.parseFrom(gunzip(answer.body())).getText()).hasSize(LARGE + 7);

    HttpResponse<byte[]> small =
        frontends.postBytes(HELLO, hello("c", 0).toByteArray(), TYPE, "application/proto");
    assertThat(small.headers().firstValue("content-encoding")).isEmpty();
    assertThat(HelloReply.parseFrom(small.body()).getText()).isEqualTo("hello c");
  }

  @Test
  void connectGetHasACompressedMessage() throws Exception {
    byte[] request = "{\"name\":\"g\"}".getBytes(StandardCharsets.UTF_8);
    String message = Base64.getUrlEncoder().withoutPadding().encodeToString(gzip(request));
    String query = HELLO + "?connect=v1&encoding=json&base64=1&compression=gzip&message=";
    assertThat(frontends.get(query + message).body()).contains("hello g");
    HttpResponse<String> garbage = frontends.get(query + "AAAA");
    assertThat(garbage.statusCode()).isEqualTo(400);
    assertThat(garbage.body()).contains("invalid_argument", "gzip: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/connect+proto", "application/grpc-web+proto"})
  void messagesInEnvelopesAreCompressedBothWays(String type) throws Exception {
    boolean connect = type.contains("connect");
    byte[] flagged = envelope(COMPRESSED, gzip(hello("one", LARGE).toByteArray()));
    byte[] plain = envelope(0, hello("two", 1).toByteArray());
    HttpResponse<byte[]> answer =
        frontends.postBytes(
            CHAT,
            joined(flagged, plain, flagged),
            TYPE,
            type,
            connect ? "connect-content-encoding" : "grpc-encoding",
            "gzip",
            connect ? "connect-accept-encoding" : "grpc-accept-encoding",
            "br,gzip");

    assertThat(answer.headers().firstValue(connect ? "connect-content-encoding" : "grpc-encoding"))
        .contains("gzip");
    List<HelloReply> replies = replies(answer.body());
    assertThat(replies).hasSize(3);
    assertThat(replies.get(0).getText()).startsWith("hello onex").hasSize(LARGE + 9);
    assertThat(replies.get(1).getText()).isEqualTo("hello twox");
    assertThat(replies.get(2)).isEqualTo(replies.get(0));
    assertThat(answer.body()).hasSizeLessThan(LARGE);
    assertThat(answer.body()[0]).isEqualTo((byte) COMPRESSED);
  }

  @Test
  void grpcWebTextIsCompressedWithinItsBase64() throws Exception {
    byte[] body = envelope(COMPRESSED, gzip(hello("t", LARGE).toByteArray()));
    HttpResponse<byte[]> answer =
        frontends.postBytes(
            HELLO,
            Base64.getEncoder().encode(body),
            TYPE,
            "application/grpc-web-text",
            "grpc-encoding",
            "gzip",
            "grpc-accept-encoding",
            "gzip");
    ByteArrayOutputStream decoded = new ByteArrayOutputStream();
    String text = new String(answer.body(), StandardCharsets.US_ASCII);
    int at = 0;
    for (int end = 4; end <= text.length(); end += 4) {
      if (text.charAt(end - 1) == '=' || end == text.length()) {
        decoded.writeBytes(Base64.getDecoder().decode(text.substring(at, end)));
        at = end;
      }
    }
    assertThat(replies(decoded.toByteArray()).get(0).getText()).hasSize(LARGE + 7);
    assertThat(decoded.toString(StandardCharsets.ISO_8859_1)).contains("grpc-status: 0");
  }

  @Test
  void codingsThatNobodyKnowsAreUnimplementedInTheProtocolOfWhoAsks() throws Exception {
    byte[] flagged = envelope(COMPRESSED, new byte[3]);
    HttpResponse<byte[]> web =
        frontends.postBytes(HELLO, flagged, TYPE, "application/grpc-web", "grpc-encoding", "foo");
    assertThat(web.headers().firstValue("grpc-status")).contains("12");
    assertThat(web.headers().firstValue("grpc-accept-encoding")).contains("identity,gzip");

    HttpResponse<byte[]> stream =
        frontends.postBytes(
            MANY, flagged, TYPE, "application/connect+proto", "connect-content-encoding", "foo");
    assertThat(text(stream)).contains("\"error\":{\"code\":\"unimplemented\"");

    HttpResponse<String> unary =
        frontends.post(HELLO, "{}", TYPE, "application/proto", "content-encoding", "foo");
    assertThat(unary.statusCode()).isEqualTo(501);
    assertThat(unary.body())
        .startsWith("{\"code\":\"unimplemented\"")
        .contains("content-encoding: foo (expected: gzip or identity)");
    HttpResponse<String> json =
        frontends.post(HELLO, "{}", TYPE, "application/json", "content-encoding", "foo");
    assertThat(json.statusCode()).isEqualTo(415);
    assertThat(json.headers().firstValue("accept-encoding")).contains("gzip, identity");
  }

  @Test
  void aCompressedMessageWithoutACodingIsInternal() throws Exception {
    byte[] flagged = envelope(COMPRESSED, gzip(hello("x", 0).toByteArray()));
    for (String[] coding : new String[][] {{}, {"grpc-encoding", "identity"}}) {
      String[] headers = with(new String[] {TYPE, "application/grpc-web"}, coding);
      assertThat(frontends.postBytes(HELLO, flagged, headers).headers().firstValue("grpc-status"))
          .contains("13");
    }
    for (String[] coding : new String[][] {{}, {"connect-content-encoding", "identity"}}) {
      String[] headers = with(new String[] {TYPE, "application/connect+proto"}, coding);
      assertThat(text(frontends.postBytes(MANY, flagged, headers)))
          .contains("\"error\":{\"code\":\"internal\"");
    }
  }

  @Test
  void bombsAndGarbageAreRefusedWhereverTheyStand() throws Exception {
    byte[] bomb = gzip(new byte[BOMB_BYTES]);
    byte[] garbage = joined(gzip(hello("x", 0).toByteArray()), new byte[] {7});
    assertRefused(bomb, "resource_exhausted", "8", 413);
    assertRefused(garbage, "invalid_argument", "3", 400);
    assertRefused(Arrays.copyOf(garbage, 15), "invalid_argument", "3", 400);
    assertThat(frontends.greetings.calls.get()).isZero();
  }

  private void assertRefused(byte[] body, String connect, String grpc, int http) throws Exception {
    HttpResponse<byte[]> json =
        frontends.postBytes(HELLO, body, TYPE, "application/json", "content-encoding", "gzip");
    assertThat(json.statusCode()).isEqualTo(http);
    HttpResponse<byte[]> unary =
        frontends.postBytes(HELLO, body, TYPE, "application/proto", "content-encoding", "gzip");
    assertThat(text(unary)).contains("{\"code\":\"" + connect + "\"");
    HttpResponse<byte[]> stream =
        frontends.postBytes(
            "/test.greet.Greeter/SayMany",
            envelope(COMPRESSED, body),
            TYPE,
            "application/connect+proto",
            "connect-content-encoding",
            "gzip");
    assertThat(text(stream)).contains("{\"code\":\"" + connect + "\"");
    HttpResponse<byte[]> web =
        frontends.postBytes(
            HELLO,
            envelope(COMPRESSED, body),
            TYPE,
            "application/grpc-web",
            "grpc-encoding",
            "gzip");
    assertThat(web.headers().firstValue("grpc-status")).contains(grpc);
  }

  /** Kilobytes that become 64 MiB, of one client, on the endpoint of a neighbour. */
  @Test
  void aStreamOfBombsEndsNoCallOfItsNeighbours() throws Exception {
    byte[] bomb = envelope(COMPRESSED, gzip(hello("x".repeat(4_000_000), 0).toByteArray()));
    byte[][] all = new byte[16][];
    Arrays.fill(all, bomb);
    String[] headers = {TYPE, "application/connect+proto", "connect-content-encoding", "gzip"};
    CompletableFuture<HttpResponse<byte[]>> attack =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return frontends.postBytes("/test.greet.Greeter/Collect", joined(all), headers);
              } catch (Exception e) {
                throw new AssertionError(e);
              }
            });
    int calls = 0;
    while (!attack.isDone() || calls < 10) {
      HttpResponse<String> neighbour = frontends.get("/v1/hello/neighbour");
      assertThat(neighbour.statusCode()).as(neighbour.body()).isEqualTo(200);
      calls++;
    }
    assertThat(attack.get().statusCode()).isEqualTo(200);
  }

  @Test
  void jsonIsCompressedForWhoTakesIt() throws Exception {
    HttpResponse<byte[]> answer = json(LARGE, "gzip");
    assertThat(answer.headers().firstValue("content-encoding")).contains("gzip");
    assertThat(answer.headers().allValues("vary")).contains("accept-encoding");
    assertThat(new String(gunzip(answer.body()), StandardCharsets.UTF_8)).contains("hello jxx");

    for (String other : new String[] {"br", "gzip;q=0, *", "identity, gzip;q=0.5"}) {
      HttpResponse<byte[]> plain = json(LARGE, other);
      assertThat(plain.headers().firstValue("content-encoding")).as(other).isEmpty();
      assertThat(plain.headers().allValues("vary")).contains("accept-encoding");
      assertThat(text(plain)).contains("hello jxx");
    }
    assertThat(json(10, "gzip").headers().firstValue("content-encoding")).isEmpty();

    byte[] request = "{\"name\":\"z\"}".getBytes(StandardCharsets.UTF_8);
    assertThat(
            text(
                frontends.postBytes(
                    HELLO, gzip(request), TYPE, "application/json", "content-encoding", "gzip")))
        .contains("hello z");
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/x-ndjson", "application/json", "text/event-stream"})
  void streamsOfJsonAreCompressedAndFlushed(String accept) throws Exception {
    String path = "/v1/hello/s:many?count=3&padding=" + LARGE;
    String plain = frontends.get(path, "accept", accept).body();
    HttpResponse<byte[]> answer =
        frontends.bytes(
            frontends.request(path).headers("accept", accept, "accept-encoding", "gzip"));
    assertThat(answer.headers().firstValue("content-encoding")).contains("gzip");
    assertThat(new String(gunzip(answer.body()), StandardCharsets.UTF_8)).isEqualTo(plain);
    assertThat(answer.body()).hasSizeLessThan(LARGE);
  }

  private HttpResponse<byte[]> json(int padding, String accepts) throws Exception {
    return frontends.bytes(
        frontends.request("/v1/hello/j?padding=" + padding).header("accept-encoding", accepts));
  }

  private static String text(HttpResponse<byte[]> answer) {
    return new String(answer.body(), StandardCharsets.UTF_8);
  }

  private static HelloRequest hello(String name, int padding) {
    return HelloRequest.newBuilder().setName(name).setPadding(padding).build();
  }

  /** Of all frames but those of the end. */
  private static List<HelloReply> replies(byte[] body) throws IOException {
    List<HelloReply> replies = new ArrayList<>();
    EnvelopeReader reader = new EnvelopeReader(BOMB_BYTES);
    List<byte[]> messages = new ArrayList<>();
    reader.feed(
        body,
        0,
        body.length,
        (flags, bytes, offset, length) -> {
          byte[] message = Arrays.copyOfRange(bytes, offset, offset + length);
          if (flags <= COMPRESSED) {
            messages.add(flags == 0 ? message : gunzip(message));
          }
        });
    for (byte[] message : messages) {
      replies.add(HelloReply.parseFrom(message));
    }
    return replies;
  }

  private static byte[] envelope(int flags, byte[] message) {
    return EnvelopeReader.envelope(flags, message, 0, message.length);
  }

  /** Fields of one name are one list, wherever they stand (RFC 9110, 5.3). */
  @Test
  void fieldsOfOneNameAreOneList() throws Exception {
    byte[] request = hello("c", LARGE).toByteArray();
    HttpResponse<byte[]> answer =
        frontends.postBytes(
            HELLO,
            gzip(request),
            TYPE,
            "application/proto",
            "content-encoding",
            "identity",
            "content-encoding",
            "gzip",
            "accept-encoding",
            "br",
            "accept-encoding",
            "gzip");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(HelloReply.parseFrom(gunzip(answer.body())).getText()).hasSize(LARGE + 7);
    for (String second : List.of("gzip", "br")) {
      HttpResponse<byte[]> twice =
          frontends.postBytes(
              HELLO,
              gzip(request),
              TYPE,
              "application/proto",
              "content-encoding",
              "gzip",
              "content-encoding",
              second);
      assertThat(twice.statusCode()).as(second).isEqualTo(501);
    }
  }

  /** For services whose answers mix secrets with what others can make a user send. */
  @ParameterizedTest
  @ValueSource(strings = {"application/proto", "application/connect+proto", "application/grpc-web"})
  void aRouteMayHaveNoneOfItsAnswersCompressed(String type) throws Exception {
    boolean whole = type.equals("application/proto");
    byte[] request = hello("c", LARGE).toByteArray();
    for (boolean compress : new boolean[] {true, false}) {
      GatewayRig rig = frontends.rig.closing(new GatewayRig());
      rig.terms(RouteOptions.DEFAULT.withCompress(compress));
      Gateway gateway = FrontendRig.open(rig, FrontendRig.KNOWN, rig.serve(new Greetings()));
      HttpRequest asked =
          HttpRequest.newBuilder(
                  URI.create(
                      "http://127.0.0.1:" + gateway.address().getPort() + (whole ? HELLO : CHAT)))
              .headers(TYPE, type, "accept-encoding", "gzip")
              .headers("connect-accept-encoding", "gzip", "grpc-accept-encoding", "gzip")
              .POST(BodyPublishers.ofByteArray(whole ? request : envelope(0, request)))
              .build();
      HttpResponse<byte[]> answer =
          HttpClient.newHttpClient().send(asked, BodyHandlers.ofByteArray());
      assertThat(answer.statusCode()).isEqualTo(200);
      if (compress) {
        assertThat(answer.body()).hasSizeLessThan(LARGE);
      } else {
        assertThat(answer.body()).hasSizeGreaterThan(LARGE);
      }
    }
  }

  private static String[] with(String[] headers, String[] more) {
    String[] all = Arrays.copyOf(headers, headers.length + more.length);
    System.arraycopy(more, 0, all, headers.length, more.length);
    return all;
  }

  static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  private static byte[] gunzip(byte[] bytes) {
    try {
      return new GZIPInputStream(new ByteArrayInputStream(bytes)).readAllBytes();
    } catch (IOException e) {
      throw new AssertionError("no gzip", e);
    }
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
