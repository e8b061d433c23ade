package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.gateway.greet.HelloReply;
import dev.holdfast.gateway.greet.HelloRequest;
import dev.holdfast.transcoding.http.EnvelopeReader;
import dev.holdfast.transcoding.http.grpcweb.GrpcWebText;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Streams, gRPC-Web and Connect through the gateway, against a stock server. */
final class FrontendStreamsTest {
  private static final String MANY = "/v1/hello/x:many?count=3";

  private final FrontendRig frontends;

  FrontendStreamsTest() throws IOException {
    frontends = new FrontendRig();
  }

  @AfterEach
  void close() {
    frontends.close();
  }

  @Test
  void streamsLinesEventsAndAnArray() throws Exception {
    assertThat(frontends.get(MANY, "accept", "application/x-ndjson").body().lines())
        .hasSize(3)
        .contains("{\"text\":\"hello x\",\"number\":\"3\"}");
    assertThat(frontends.get(MANY, "accept", "text/event-stream").body())
        .startsWith("data: {\"text\":\"hello x\",\"number\":\"1\"}\n\n")
        .endsWith("event: end\ndata: {}\n\n");
    HttpResponse<String> array = frontends.get(MANY, "accept", "application/json");
    assertThat(array.body()).startsWith("[{").endsWith("\"number\":\"3\"}]");
    assertThat(frontends.get("/v1/hello/x:many", "accept", "application/json").body())
        .isEqualTo("[]");
  }

  /** By default nginx holds what it gets until some kilobytes are there. */
  @Test
  void asksProxiesToSendStreamsOnAsTheyCome() throws Exception {
    for (String type : List.of("application/x-ndjson", "text/event-stream", "application/json")) {
      assertThat(buffering(frontends.get(MANY, "accept", type))).as(type).contains("no");
    }
    byte[] request = envelope("{\"name\":\"s\",\"count\":2}".getBytes(StandardCharsets.UTF_8));
    byte[] web =
        envelope(HelloRequest.newBuilder().setName("web").setCount(2).build().toByteArray());
    String many = "/test.greet.Greeter/SayMany";
    assertThat(
            buffering(
                frontends.postBytes(many, request, "content-type", "application/connect+json")))
        .contains("no");
    assertThat(buffering(frontends.postBytes(many, web, "content-type", "application/grpc-web")))
        .contains("no");
    assertThat(buffering(frontends.get("/v1/hello/x"))).isEmpty();
  }

  private static Optional<String> buffering(HttpResponse<?> response) {
    assertThat(response.statusCode()).isEqualTo(200);
    return response.headers().firstValue("x-accel-buffering");
  }

  @Test
  void failsEarlyWithAStatusAndLateWithAnElement() throws Exception {
    HttpResponse<String> early = frontends.get("/v1/hello/x:many?fails=true");
    HttpFrontendTest.assertRefused(early, 404, "nobody");

    HttpResponse<String> late =
        frontends.get(MANY + "&fails=true", "accept", "application/x-ndjson");
    assertThat(late.statusCode()).isEqualTo(200);
    assertThat(late.body().lines().skip(3)).singleElement().asString().startsWith("{\"error\":{");
  }

  @Test
  void breaksAnArrayOffThatFailsLate() {
    String path = MANY + "&fails=true";
    assertThatThrownBy(() -> failWith(frontends.get(path, "accept", "application/json")))
        .isInstanceOf(IOException.class);
  }

  /** Says what came, since nothing should have come whole. */
  private static void failWith(HttpResponse<String> whole) {
    throw new AssertionError(whole.statusCode() + " " + whole.headers() + " " + whole.body());
  }

  @Test
  void collectsLinesAndArrays() throws Exception {
    String lines = "{\"name\":\"a\"}\n{\"name\":\"b\"}\n";
    assertThat(frontends.post("/v1/collect", lines, "content-type", "application/x-ndjson").body())
        .contains("\"text\":\"a b\"");
    assertThat(frontends.post("/v1/collect", "[{\"name\":\"c\"},{\"name\":\"d\"}]").body())
        .contains("\"text\":\"c d\"");
    HttpFrontendTest.assertRefused(
        frontends.post("/v1/collect", "[{\"name\":\"c\"}"), 400, "body: the end");
  }

  @Test
  void holdsTheUpstreamBackForASlowClient() throws Exception {
    try (Socket socket = frontends.socket()) {
      String path = "/v1/hello/x:many?count=1000&padding=100000";
      socket
          .getOutputStream()
          .write(
              ("GET " + path + " HTTP/1.1\r\nhost: x\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      Awaitility.await().until(() -> frontends.greetings.sent.get() > 5);
      // 100 MB are there for the asking; sockets and windows hold a part of them.
      int before = -1;
      for (int calls = 0; calls < 30; calls++) {
        int sent = frontends.greetings.sent.get();
        calls = sent == before ? calls : 0;
        before = sent;
        assertThat(frontends.get("/v1/hello/other").body()).contains("hello other");
      }
      assertThat(before).isLessThan(900);
    }
    frontends.greetings.cancelled.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  @Test
  void chatsBothWaysOverHttp2() throws Exception {
    RawPeer client = frontends.rig.client(frontends.gateway);
    Http2Headers head = RawPeer.call("/v1/chat");
    head.set("content-type", "application/x-ndjson").set("accept", "application/x-ndjson");
    client.headers(3, head, false);
    for (String name : new String[] {"a", "b"}) {
      client.data(3, ("{\"name\":\"" + name + "\"}\n").getBytes(StandardCharsets.UTF_8), false);
      assertThat(client.next("DATA").text()).contains("hello " + name);
    }
    client.data(3, new byte[0], true);
    assertThat(client.next("DATA").end()).isTrue();
  }

  @Test
  void answersGrpcWebInBytesAndText() throws Exception {
    byte[] request = envelope(HelloRequest.newBuilder().setName("web").build().toByteArray());
    String path = "/test.greet.Greeter/SayHello";
    byte[] answer =
        frontends.postBytes(path, request, "content-type", "application/grpc-web+proto").body();
    assertThat(new String(answer, StandardCharsets.ISO_8859_1))
        .contains("hello web", "grpc-status: 0", "x-age: 7");

    byte[] text =
        frontends
            .postBytes(
                path, GrpcWebText.encode(request), "content-type", "application/grpc-web-text")
            .body();
    byte[] decoded = new GrpcWebText().decode(text, 0, text.length);
    assertThat(decoded).isEqualTo(answer);

    HttpResponse<byte[]> missing =
        frontends.postBytes(
            "/test.greet.Greeter/Nothing", request, "content-type", "application/grpc-web");
    assertThat(missing.headers().firstValue("grpc-status")).contains("12");
    assertThat(missing.body()).isEmpty();
  }

  @Test
  void answersConnect() throws Exception {
    String path = "/test.greet.Greeter/SayHello";
    String version = "connect-protocol-version";
    assertThat(
            frontends
                .post(path, "{\"name\":\"c\"}", "content-type", "application/json", version, "1")
                .body())
        .contains("hello c");
    assertThat(
            frontends
                .get(path + "?connect=v1&encoding=json&message=%7B%22name%22:%22g%22%7D")
                .body())
        .contains("hello g");
    HttpResponse<String> compressed =
        frontends.get(path + "?connect=v1&encoding=json&message=x&compression=br");
    assertThat(compressed.body())
        .startsWith(
            "{\"code\":\"unimplemented\",\"message\":\"query parameter compression: br (exp");
    byte[] binary =
        frontends
            .postBytes(
                path,
                HelloRequest.newBuilder().setName("p").build().toByteArray(),
                "content-type",
                "application/proto")
            .body();
    assertThat(HelloReply.parseFrom(binary).getText()).isEqualTo("hello p");
    HttpResponse<String> failed =
        frontends.post(
            path, "{\"name\":\"nobody\"}", "content-type", "application/json", version, "1");
    assertThat(failed.statusCode()).isEqualTo(404);
    assertThat(failed.body())
        .startsWith("{\"code\":\"not_found\"")
        .contains("google.rpc.ErrorInfo");

    byte[] stream =
        frontends
            .postBytes(
                "/test.greet.Greeter/SayMany",
                envelope(
                    "{\"name\":\"s\",\"count\":2,\"fails\":true}".getBytes(StandardCharsets.UTF_8)),
                "content-type",
                "application/connect+json")
            .body();
    assertThat(new String(stream, StandardCharsets.UTF_8))
        .contains("hello s", "\"number\":\"2\"", "\"error\":{\"code\":\"not_found\"");
  }

  @Test
  void refusesMalformedConnectInItsOwnForm() throws Exception {
    String path = "/test.greet.Greeter/SayHello";
    String type = "content-type";
    String version = "connect-protocol-version";
    String json = "application/json";
    String invalid = "{\"code\":\"invalid_argument\",\"message\":\"";
    String unknown = "{\"code\":\"unknown\",\"message\":\"";
    assertRefused(
        frontends.get(path + "?connect=v2&encoding=json&message=%7B%7D"),
        400,
        invalid + "query parameter connect: 'v2' (expected: v1)\"}");
    assertRefused(
        frontends.get("/test.greet.Greeter/SayMany?connect=v1&encoding=json&message=%7B%7D"),
        405,
        "{\"code\":\"unknown\",\"message\":\"GET ");
    assertRefused(
        frontends.post(path, "{}", type, json, version, "2"), 400, invalid + version + ": '2'");
    assertRefused(
        frontends.post(path, "{}", type, "application/proto", "connect-timeout-ms", "soon"),
        400,
        invalid + "connect-timeout-ms: 'soon'");
    assertRefused(
        frontends.post(path, "{\"nam\":1}", type, json, version, "1"),
        400,
        invalid + "body: message: ");
    assertRefused(
        frontends.post("/test.greet.Greeter/SayNo", "{}", type, json, version, "1"),
        404,
        "{\"code\":\"unimplemented\",\"message\":\"/test.greet.Greeter/SayNo: no such method");
    assertRefused(
        frontends.post(path, "{}", type, "application/connect+xml"),
        415,
        unknown + "content-type: ");
    assertRefused(
        frontends.post(path, "{}", type, "application/foo", version, "1"),
        415,
        unknown + "content-type: application/foo");
    HttpResponse<String> verb =
        frontends.send(
            frontends
                .request("/test.greet.Greeter/SayMany")
                .headers(type, "application/connect+proto", version, "1")
                .method("DELETE", BodyPublishers.noBody()));
    assertRefused(verb, 405, unknown + "DELETE ");
    assertThat(verb.headers().firstValue("allow")).contains("POST");
    assertRefused(
        frontends.post("/test.greet.Greeter/SayNo", "", type, "application/proto", version, "1"),
        404,
        "{\"code\":\"unimplemented\"");
    HttpResponse<String> stream =
        frontends.post(
            "/test.greet.Greeter/SayMany", "", type, "application/connect+json", version, "9");
    assertThat(stream.statusCode()).isEqualTo(200);
    assertThat(stream.body())
        .startsWith("\u0002\0\0\0")
        .contains("{\"error\":" + invalid + version + ": '9'");
  }

  private static void assertRefused(HttpResponse<String> answer, int status, String body) {
    assertThat(answer.body()).startsWith(body);
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(answer.headers().firstValue("content-type")).contains("application/json");
  }

  @Test
  void refusesGrpcWebInItsOwnForm() throws Exception {
    String path = "/test.greet.Greeter/SayHello";
    String type = "content-type";
    String web = "application/grpc-web+proto";
    byte[] request = envelope(new byte[0]);
    HttpResponse<String> verb =
        frontends.send(
            frontends.request(path).headers(type, web).method("DELETE", BodyPublishers.noBody()));
    assertThat(verb.statusCode()).isEqualTo(405);
    assertThat(verb.headers().firstValue("allow")).contains("POST");
    assertRefusedWeb(verb, web, "12");

    String text = "application/grpc-web-text+proto";
    HttpResponse<byte[]> deadline =
        frontends.postBytes(path, request, type, text, "grpc-timeout", "5 s");
    assertThat(deadline.statusCode()).isEqualTo(200);
    assertRefusedWeb(deadline, text, "3");
  }

  private static void assertRefusedWeb(HttpResponse<?> answer, String type, String status) {
    assertThat(answer.headers().firstValue("content-type")).contains(type);
    assertThat(answer.headers().firstValue("grpc-status")).contains(status);
    assertThat(answer.headers().firstValue("grpc-message").orElseThrow()).startsWith("gateway: ");
  }

  @Test
  void aTypeOfNoProtocolIsRefusedAsNoneOfConnectsErrors() throws Exception {
    HttpResponse<String> refused =
        frontends.post("/test.greet.Greeter/SayHello", "1234", "content-type", "image/jpeg");

    assertThat(refused.statusCode()).isEqualTo(415);
    assertThat(refused.headers().firstValue("content-type"))
        .contains("application/json; charset=utf-8");
    assertThat(refused.body()).startsWith("{\"code\":3,").contains("image/jpeg");
  }

  @Test
  void tellsGrpcWebTheTrailersOfAFailureWithoutAMessage() throws Exception {
    byte[] request = envelope(HelloRequest.newBuilder().setName("nobody").build().toByteArray());
    HttpResponse<byte[]> failed =
        frontends.postBytes(
            "/test.greet.Greeter/SayHello", request, "content-type", "application/grpc-web");

    assertThat(failed.headers().firstValue("grpc-status")).contains("5");
    assertThat(failed.headers().firstValue("x-age")).contains("7");
    assertThat(failed.headers().firstValue("trailer-x-age")).isEmpty();
  }

  private static byte[] envelope(byte[] message) {
    return EnvelopeReader.envelope(0, message, 0, message.length);
  }
}
