package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.frontend.ClusterTranscoders;
import dev.holdfast.gateway.route.ServiceRouter;
import dev.holdfast.transcoding.http.HttpTranscoder;
import io.grpc.Metadata;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** HTTP/JSON over HTTP/1.1, one message each way, against a stock server. */
final class HttpFrontendTest {
  private final FrontendRig frontends;

  HttpFrontendTest() throws IOException {
    frontends = new FrontendRig();
  }

  @AfterEach
  void close() {
    frontends.close();
  }

  @Test
  void callsAMethodByItsName() throws Exception {
    HttpResponse<String> answer =
        frontends.post("/test.greet.Greeter/SayHello", "{\"name\":\"x\"}");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("{\"text\":\"hello x\",\"number\":\"1\"}");
    assertThat(answer.headers().firstValue("content-type")).contains("application/json");
    assertThat(answer.headers().firstValueAsLong("content-length"))
        .hasValue(answer.body().length());
  }

  @Test
  void callsAMethodByItsAnnotation() throws Exception {
    assertThat(frontends.get("/v1/hello/you%20all?padding=2").body()).contains("hello you allxx");
    assertThat(frontends.post("/v1/hello", "{\"name\":\"y\"}").body()).contains("hello y");
  }

  @Test
  void carriesMetadataBothWays() throws Exception {
    HttpResponse<String> answer =
        frontends.get(
            "/v1/hello/x",
            "authorization",
            "Bearer t",
            "x-tenant",
            "7",
            "traceparent",
            "00-a",
            "accept",
            "application/json",
            "user-agent",
            "me/1");

    assertThat(seen("authorization")).isEqualTo("Bearer t");
    assertThat(seen("x-tenant")).isEqualTo("7");
    assertThat(seen("traceparent")).isEqualTo("00-a");
    assertThat(seen("x-forwarded-for")).isEqualTo("127.0.0.1");
    assertThat(seen("accept")).isNull();
    assertThat(answer.headers().firstValue("x-colour")).contains("blue");
    assertThat(answer.headers().firstValue("trailer-x-age")).contains("7");
    assertThat(answer.headers().firstValue("grpc-status")).isEmpty();
  }

  @Test
  void answersAFailureWithItsStatusAndDetails() throws Exception {
    HttpResponse<String> answer = frontends.get("/v1/hello/nobody");

    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(answer.body())
        .startsWith("{\"code\":5,\"message\":\"nobody ist nicht da: \u00fc\",\"details\":[")
        .contains("google.rpc.ErrorInfo", "\"reason\":\"GONE\"");
  }

  @Test
  void saysWhatIsWrongWithARequest() throws Exception {
    assertRefused(frontends.get("/v2/hello"), 404, "/v2/hello: no method has this path");
    assertRefused(frontends.get("/v1/hello"), 405, "GET /v1/hello (expected: [POST])");
    assertRefused(frontends.get("/v1/hello/x?colour=red"), 400, "colour");
    assertRefused(frontends.post("/v1/hello", "{\"name\":"), 400, "body");
    assertRefused(frontends.post("/v1/hello", "{\"nom\":1}"), 400, "nom");
    assertRefused(
        frontends.post("/v1/hello", "name=x", "content-type", "text/plain"), 415, "text/plain");
    assertRefused(
        frontends.post(
            "/v1/hello", "{}", "content-type", "application/json", "content-encoding", "br"),
        415,
        "content-encoding: br");
    assertRefused(frontends.get("/v1/hello/x", "grpc-timeout", "5 s"), 400, "grpc-timeout: 5 s");
    assertRefused(
        frontends.post("/v1/hello", "{\"name\":".repeat(10_000) + "}".repeat(10_000)), 400, "body");
    assertThat(frontends.greetings.calls).hasValue(0);
    assertThat(frontends.get("/v1/hello").headers().firstValue("allow")).contains("POST");
  }

  @Test
  void keepsTheDeadlineOfARequest() throws Exception {
    assertRefused(
        frontends.get("/v1/hello/sleeper", "grpc-timeout", "50m"),
        504,
        "deadline of 0.05s exceeded");
  }

  @Test
  void refusesALargeBodyBeforeItCame() throws Exception {
    String head =
        FrontendRig.lines(
            "POST /v1/hello HTTP/1.1",
            "host: x",
            "content-type: application/json",
            "expect: 100-continue",
            "content-length: 100000000");
    assertThat(frontends.raw(head))
        .startsWith("HTTP/1.1 413 ")
        .contains("body: 100000000 bytes (expected: <= 4194304)");
  }

  @Test
  void refusesALargeBodyThatDoesNotSayHowLargeItIs() throws Exception {
    String head =
        FrontendRig.lines(
            "POST /v1/hello HTTP/1.1",
            "host: x",
            "content-type: application/json",
            "transfer-encoding: chunked");
    String chunk = "10000\r\n" + " ".repeat(0x10000) + "\r\n";
    assertThat(frontends.raw(head + chunk.repeat(65)))
        .startsWith("HTTP/1.1 413 ")
        .contains("connection: close");
  }

  /** RFC 9110, 15.5.2: a 401 has a challenge. */
  @Test
  void whoIsNotKnownIsChallenged() throws Exception {
    String[] connect = {"content-type", "application/json", "connect-protocol-version", "1"};
    for (String name : List.of("stranger", "stranger-basic")) {
      String challenge = name.endsWith("basic") ? "Basic realm=\"x\"" : "Bearer";
      String body = "{\"name\":\"" + name + "\"}";
      HttpResponse<String> json = frontends.get("/v1/hello/" + name);
      assertThat(json.statusCode()).isEqualTo(401);
      assertThat(json.headers().firstValue("www-authenticate")).hasValue(challenge);
      HttpResponse<String> unary = frontends.post("/test.greet.Greeter/SayHello", body, connect);
      assertThat(unary.statusCode()).isEqualTo(401);
      assertThat(unary.headers().firstValue("www-authenticate")).hasValue(challenge);
    }
  }

  @Test
  void answersHeadAndOptions() throws Exception {
    HttpResponse<String> head =
        frontends.send(frontends.request("/v1/hello/x").method("HEAD", BodyPublishers.noBody()));
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    assertThat(head.headers().firstValueAsLong("content-length")).isPresent();

    HttpResponse<String> options =
        frontends.send(frontends.request("/v1/hello/x").method("OPTIONS", BodyPublishers.noBody()));
    assertThat(options.statusCode()).isEqualTo(204);
    assertThat(options.headers().firstValue("allow")).hasValue("GET, HEAD, OPTIONS");
    assertThat(
            frontends
                .send(frontends.request("/v1/none").method("OPTIONS", BodyPublishers.noBody()))
                .statusCode())
        .isEqualTo(404);
    assertThat(
            frontends.raw(FrontendRig.lines("OPTIONS * HTTP/1.1", "host: x", "connection: close")))
        .startsWith("HTTP/1.1 204 ");
  }

  @Test
  void letsPagesOfKnownOriginsInAndNoOthers() throws Exception {
    String question =
        FrontendRig.lines(
            "OPTIONS /v1/hello HTTP/1.1",
            "host: x",
            "origin: %s",
            "connection: close",
            "access-control-request-method: POST",
            "access-control-request-headers: content-type");
    assertThat(frontends.raw(question.formatted("https://shop.example")))
        .startsWith("HTTP/1.1 204 ")
        .contains("access-control-allow-origin: https://shop.example")
        .contains("access-control-allow-methods: POST")
        .contains("access-control-allow-headers: content-type");
    assertThat(frontends.raw(question.formatted("https://evil.example")))
        .startsWith("HTTP/1.1 204 ")
        .doesNotContain("access-control-allow");
    assertThat(
            frontends.raw(
                FrontendRig.lines(
                    "GET /v1/hello/x HTTP/1.1",
                    "host: x",
                    "origin: https://shop.example",
                    "connection: close")))
        .contains("access-control-allow-origin: https://shop.example")
        .contains("access-control-expose-headers: grpc-status");
  }

  @Test
  void saysWhyAServiceIsNotKnown() throws Exception {
    ClusterTranscoders none =
        new ClusterTranscoders() {
          @Override
          public Optional<HttpTranscoder> of(Cluster cluster) {
            return Optional.empty();
          }

          @Override
          public String trouble(Cluster cluster) {
            return "reflection: UNIMPLEMENTED";
          }
        };
    try (FrontendRig unknown = new FrontendRig(none)) {
      assertRefused(
          unknown.get("/v1/hello/x"),
          503,
          "the schema of echo is not known: reflection: UNIMPLEMENTED");
    }
  }

  @Test
  void whereRoutesAreStillLearnedTheClientMayComeAgain() throws Exception {
    try (FrontendRig learning = new FrontendRig(cluster -> Optional.empty())) {
      GatewaySnapshot all = learning.gateway.snapshot();
      learning.gateway.apply(new GatewaySnapshot(ServiceRouter.unknown(), Map.of(), all.limits()));
      assertRefused(learning.get("/v1/hello/x"), 503, "has not said yet which it has");
    }
  }

  @Test
  void endsTheCallWhenTheClientVanishes() throws Exception {
    try (var socket = frontends.socket()) {
      socket
          .getOutputStream()
          .write(
              "GET /v1/hello/sleeper HTTP/1.1\r\nhost: x\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      while (frontends.greetings.calls.get() == 0) {
        Thread.onSpinWait();
      }
    }
    frontends.greetings.cancelled.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private @Nullable String seen(String name) {
    return frontends.greetings.metadata.get(
        Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
  }

  static void assertRefused(HttpResponse<String> answer, int status, String what) {
    assertThat(answer.body()).contains(what).startsWith("{\"code\":");
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(answer.headers().firstValue("content-type").orElseThrow())
        .startsWith("application/json");
  }
}
