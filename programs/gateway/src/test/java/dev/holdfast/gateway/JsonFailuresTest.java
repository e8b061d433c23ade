package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.frontend.ClusterTranscoders;
import dev.holdfast.gateway.greet.GreetProto;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.GatewayMemory;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies and schemas on a bad day, over both versions of HTTP. */
final class JsonFailuresTest {
  private static final String HELLO = "/v1/hello";
  private static final byte[] SPACES = " ".repeat(1 << 20).getBytes(StandardCharsets.US_ASCII);

  private volatile Optional<HttpTranscoder> known = Optional.of(FrontendRig.TRANSCODER);
  private final ClusterTranscoders clusterTranscoders =
      new ClusterTranscoders() {
        @Override
        public Optional<HttpTranscoder> of(Cluster cluster) {
          return known;
        }

        @Override
        public String trouble(Cluster cluster) {
          return "reflection: UNAVAILABLE";
        }
      };
  private final FrontendRig frontends =
      new FrontendRig(clusterTranscoders, GatewayLimits.DEFAULT, new GatewayMemory(8 << 20));

  JsonFailuresTest() throws IOException {}

  @AfterEach
  void close() {
    frontends.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {17_000, 60_000})
  void headersThatAreTooLargeAreAnsweredInJsonAndOtherRequestsGoOn(int bytes) throws Exception {
    RawPeer client = frontends.rig.client(frontends.gateway);
    client.headers(3, json("/v1/hello/" + "~".repeat(bytes)), true);
    RawPeer.Frame head = client.next("HEADERS", "RST_STREAM", "GOAWAY");
    assertThat(head.type()).isEqualTo("HEADERS");
    assertThat(head.header(":status")).isEqualTo("431");
    assertThat(head.header("content-type")).isEqualTo("application/json");
    assertThat(client.next("DATA", "RST_STREAM").type()).isEqualTo("DATA");
    assertThat(frontends.rig.met("header_list")).isEqualTo(1);

    client.headers(5, json(HELLO), false);
    client.data(5, "{}".getBytes(StandardCharsets.US_ASCII), true);
    assertThat(client.next("HEADERS", "RST_STREAM", "GOAWAY").header(":status")).isEqualTo("200");
  }

  @Test
  void aCallOfGrpcWithTooLargeHeadersIsAnsweredAsOneWhereverItsTypeStands() throws Exception {
    RawPeer client = frontends.rig.client(frontends.gateway);
    Http2Headers headers = RawPeer.call("/a.B/C");
    headers.remove("content-type");
    headers.set("x-large", "~".repeat(17_000)).set("content-type", "application/grpc");
    client.headers(3, headers, true);
    RawPeer.Frame head = client.next("HEADERS", "RST_STREAM", "GOAWAY");
    assertThat(head.header(":status")).isEqualTo("200");
    assertThat(head.header("grpc-status")).isEqualTo("8");
  }

  @ParameterizedTest
  @ValueSource(strings = {HELLO, "/v1/collect"})
  void bodyOfAHundredMegabytesIsNeverKept(String path) throws Exception {
    RawPeer client = frontends.rig.client(frontends.gateway);
    client.headers(3, json(path), false);
    String begin = path.equals(HELLO) ? "{\"name\":\"" : "[{\"name\":\"";
    client.data(3, begin.getBytes(StandardCharsets.US_ASCII), false);
    for (int i = 0; i < 100; i++) {
      client.data(3, SPACES, false);
    }
    RawPeer.Frame answer = client.next("HEADERS", "RST_STREAM", "GOAWAY");
    assertThat(answer.header(":status")).isEqualTo("413");
    assertThat(frontends.greetings.calls.get()).isLessThanOrEqualTo(1);
    await().untilAsserted(() -> assertThat(kept()).isZero());
    assertThat(frontends.get("/v1/hello/x").body()).contains("hello x");
  }

  @Test
  void bodiesThatTogetherAreTooManyAreRefused() throws Exception {
    RawPeer client = frontends.rig.client(frontends.gateway);
    for (int id = 3; id < 9; id += 2) {
      client.headers(id, json(HELLO), false);
      for (int i = 0; i < 3; i++) {
        client.data(id, SPACES, false);
      }
    }
    RawPeer.Frame answer = client.next("HEADERS", "RST_STREAM", "GOAWAY");
    assertThat(answer.header(":status")).isEqualTo("429");
    assertThat(client.next("DATA").text()).contains("buffer limit of this client");
    assertThat(frontends.rig.met("memory")).isPositive();
    assertThat(frontends.post(HELLO, "{\"name\":\"small\"}").body()).contains("hello small");
  }

  @Test
  void clientThatVanishesInItsBodyLeavesNothing() throws Exception {
    try (Socket socket = frontends.socket()) {
      String head =
          FrontendRig.lines(
              "POST /v1/hello HTTP/1.1",
              "host: x",
              "content-type: application/json",
              "content-length: 3000000");
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().write(SPACES);
      await().until(() -> kept() >= SPACES.length);
    }
    await().untilAsserted(() -> assertThat(kept()).isZero());
    assertThat(frontends.greetings.calls).hasValue(0);
  }

  @Test
  void nestingOfTenThousandIsRefusedWithItsPlace() throws Exception {
    String deep = "{\"name\":" + "[".repeat(10_000) + "]".repeat(10_000) + "}";
    HttpFrontendTest.assertRefused(frontends.post(HELLO, deep), 400, "body");
    HttpFrontendTest.assertRefused(frontends.post(HELLO, "{\"name\":".repeat(10_000)), 400, "body");
    assertThat(frontends.greetings.calls).hasValue(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"name\":\"x", "{\"name\"", "{", "{\"name\":\"x\\u12", "{\"name\":tr"})
  void jsonThatStopsHalfWayIsRefused(String half) throws Exception {
    HttpFrontendTest.assertRefused(frontends.post(HELLO, half), 400, "body");
    assertThat(frontends.greetings.calls).hasValue(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"br", "deflate", "gzip, gzip"})
  void compressedBodiesAreRefusedByName(String encoding) throws Exception {
    HttpFrontendTest.assertRefused(
        frontends.post(
            HELLO, "{}", "content-type", "application/json", "content-encoding", encoding),
        415,
        "content-encoding: " + encoding + " (expected: gzip or identity)");
  }

  @Test
  void headNeverHasABodyWhateverTheAnswer() throws Exception {
    for (String path : new String[] {"/v1/hello/x", "/v1/hello/nobody", "/v2/none"}) {
      HttpResponse<String> get = frontends.get(path);
      HttpResponse<String> head =
          frontends.send(frontends.request(path).method("HEAD", BodyPublishers.noBody()));
      assertThat(head.statusCode()).isEqualTo(get.statusCode());
      assertThat(head.body()).isEmpty();
      assertThat(head.headers().firstValue("content-length"))
          .isEqualTo(get.headers().firstValue("content-length"))
          .isPresent();
    }
  }

  @Test
  void schemasThatChangeUnderTrafficFailNoCall() throws Exception {
    RawPeer client = frontends.rig.client(frontends.gateway);
    Http2Headers chat = json("/v1/chat");
    chat.set("content-type", "application/x-ndjson").set("accept", "application/x-ndjson");
    client.headers(3, chat, false);
    for (int i = 0; i < 20; i++) {
      known =
          Optional.of(
              HttpTranscoder.of(ServiceCatalog.of(List.of(GreetProto.getDescriptor().toProto()))));
      client.data(3, "{\"name\":\"a\"}\n".getBytes(StandardCharsets.US_ASCII), false);
      assertThat(client.next("DATA", "HEADERS", "RST_STREAM").type()).isNotEqualTo("RST_STREAM");
      assertThat(frontends.get("/v1/hello/x").body()).contains("hello x");
    }
    known = Optional.empty();
    HttpFrontendTest.assertRefused(frontends.get("/v1/hello/x"), 503, "reflection: UNAVAILABLE");
    // A stream goes on with the schema that it began with.
    client.data(3, "{\"name\":\"last\"}\n".getBytes(StandardCharsets.US_ASCII), true);
    RawPeer.Frame answer = client.next("DATA");
    while (!answer.text().contains("hello last")) {
      answer = client.next("DATA");
    }
    known = Optional.of(FrontendRig.TRANSCODER);
    assertThat(frontends.get("/v1/hello/x").body()).contains("hello x");
  }

  private long kept() {
    return GatewayRig.kept(frontends.gateway);
  }

  private static Http2Headers json(String path) {
    return RawPeer.call(path).set("content-type", "application/json");
  }
}
