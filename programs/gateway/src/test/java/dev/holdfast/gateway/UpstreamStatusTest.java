package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.testkit.RefusingPort;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.route.RetryPolicy;
import dev.holdfast.gateway.route.RouteOptions;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Settings;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a client is told of what an upstream did, frame by frame. */
class UpstreamStatusTest {
  private static final byte[] MESSAGE = {0, 0, 0, 0, 1, 9};
  private static final String PATH = "/test.Echo/Unary";

  private final GatewayRig rig = new GatewayRig();

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void trailersOnlyStaysOneFrame() throws Exception {
    RawPeer.Upstream upstream = upstream();
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    call(client, 3);
    RawPeer server = upstream.accepted();
    int id = server.next("HEADERS").stream();
    server.headers(id, RawPeer.head().add("grpc-status", "5"), true);
    RawPeer.Frame answer = client.next("HEADERS", "DATA");
    assertThat(answer.end()).isTrue();
    assertThat(answer.header("grpc-status")).isEqualTo("5");
  }

  @Test
  void answerEndsOnTrailersAndNotOnData() throws Exception {
    RawPeer.Upstream upstream = upstream();
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    call(client, 3);
    RawPeer server = upstream.accepted();
    int id = server.next("HEADERS").stream();
    server.headers(id, RawPeer.head(), false);
    server.data(id, MESSAGE, false);
    server.headers(id, RawPeer.trailers(0), true);
    assertThat(client.next("HEADERS", "DATA").end()).isFalse();
    RawPeer.Frame data = client.next("HEADERS", "DATA");
    assertThat(data.data()).isEqualTo(ByteBuffer.wrap(MESSAGE));
    assertThat(data.end()).isFalse();
    RawPeer.Frame end = client.next("HEADERS", "DATA");
    assertThat(end.type()).isEqualTo("HEADERS");
    assertThat(end.end()).isTrue();
    assertThat(end.header("grpc-status")).isEqualTo("0");
  }

  @Test
  void upstreamThatEndsWithoutTrailersIsNoSuccess() throws Exception {
    RawPeer.Upstream upstream = upstream();
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    call(client, 3);
    RawPeer server = upstream.accepted();
    int id = server.next("HEADERS").stream();
    server.headers(id, RawPeer.head(), false);
    server.data(id, MESSAGE, true);
    client.next("HEADERS");
    assertThat(client.next("DATA").end()).isFalse();
    RawPeer.Frame end = client.next("HEADERS", "DATA");
    assertThat(end.header("grpc-status")).isEqualTo("2");
    assertThat(end.header("grpc-message")).contains("ended without trailers", upstream.address());
  }

  @ParameterizedTest
  @CsvSource({
    "CANCEL, 14",
    "NO_ERROR, 14",
    "INTERNAL_ERROR, 13",
    "PROTOCOL_ERROR, 13",
    "ENHANCE_YOUR_CALM, 8",
    "INADEQUATE_SECURITY, 7"
  })
  void resetByUpstreamBecomesStatusWithReason(Http2Error error, String status) throws Exception {
    RawPeer.Upstream upstream = upstream();
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    call(client, 3);
    RawPeer server = upstream.accepted();
    server.reset(server.next("HEADERS").stream(), error.code());
    RawPeer.Frame answer = client.next("HEADERS", "DATA", "RST_STREAM");
    assertThat(answer.type()).isEqualTo("HEADERS");
    assertThat(answer.end()).isTrue();
    assertThat(answer.header("grpc-status")).isEqualTo(status);
    assertThat(answer.header("grpc-message"))
        .contains("reset the stream: " + error, "upstream " + upstream.address(), "attempt 1");
  }

  @Test
  void resetInMidAnswerBecomesTrailers() throws Exception {
    RawPeer.Upstream upstream = upstream();
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    call(client, 3);
    RawPeer server = upstream.accepted();
    int id = server.next("HEADERS").stream();
    server.headers(id, RawPeer.head(), false);
    server.data(id, MESSAGE, false);
    server.reset(id, Http2Error.CANCEL.code());
    client.next("HEADERS");
    client.next("DATA");
    RawPeer.Frame end = client.next("HEADERS", "DATA", "RST_STREAM");
    assertThat(end.header("grpc-status")).isEqualTo("14");
    assertThat(end.end()).isTrue();
    assertThat(end.header(":status")).isEmpty();
  }

  @Test
  void resetWithoutErrorAfterTrailersIsFine() throws Exception {
    RawPeer.Upstream upstream = upstream();
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    client.headers(3, RawPeer.call(PATH), false);
    RawPeer server = upstream.accepted();
    int id = server.next("HEADERS").stream();
    server.headers(id, RawPeer.head().add("grpc-status", "0"), true);
    server.reset(id, Http2Error.NO_ERROR.code());
    RawPeer.Frame answer = client.next("HEADERS", "RST_STREAM");
    assertThat(answer.header("grpc-status")).isEqualTo("0");
    RawPeer.Frame stop = client.next("HEADERS", "RST_STREAM");
    assertThat(stop.type()).isEqualTo("RST_STREAM");
    assertThat(stop.code()).isEqualTo(Http2Error.NO_ERROR.code());
  }

  @Test
  void cancelOfTheClientReachesTheUpstream() throws Exception {
    RawPeer.Upstream upstream = upstream();
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    client.headers(3, RawPeer.call(PATH), false);
    RawPeer server = upstream.accepted();
    int id = server.next("HEADERS").stream();
    client.reset(3, Http2Error.CANCEL.code());
    RawPeer.Frame reset = server.next("RST_STREAM");
    assertThat(reset.stream()).isEqualTo(id);
    assertThat(reset.code()).isEqualTo(Http2Error.CANCEL.code());
  }

  @ParameterizedTest
  @CsvSource({
    "400, 13", "401, 16", "403, 7", "404, 12", "429, 14", "502, 14", "503, 14", "504, 14", "500, 2",
    "200, 2"
  })
  void answerThatIsNotGrpcGetsAStatus(String http, String status) throws Exception {
    RawPeer.Upstream upstream = upstream();
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    call(client, 3);
    RawPeer server = upstream.accepted();
    int id = server.next("HEADERS").stream();
    server.headers(
        id, new DefaultHttp2Headers().status(http).add("content-type", "text/html"), false);
    RawPeer.Frame answer = client.next("HEADERS", "DATA");
    assertThat(answer.end()).isTrue();
    assertThat(answer.header("grpc-status")).isEqualTo(status);
    assertThat(answer.header("grpc-message")).contains("HTTP " + http + " text/html");
  }

  @ParameterizedTest
  @CsvSource({"401, 16", "403, 7"})
  void onlyUnauthenticatedGetsTheChallenge(String http, String status) throws Exception {
    RawPeer.Upstream upstream = upstream();
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    call(client, 3);
    RawPeer server = upstream.accepted();
    server.headers(
        server.next("HEADERS").stream(),
        new DefaultHttp2Headers()
            .status(http)
            .add("content-type", "text/html")
            .add("www-authenticate", "Basic realm=\"a\"")
            .add("www-authenticate", "Bearer")
            .add("x-other", "1"),
        true);
    RawPeer.Frame answer = client.next("HEADERS", "DATA");
    assertThat(answer.end()).isTrue();
    assertThat(answer.header("grpc-status")).isEqualTo(status);
    assertThat(answer.header("x-other")).isEmpty();
    List<String> challenges =
        Objects.requireNonNull(answer.headers()).getAll("www-authenticate").stream()
            .map(CharSequence::toString)
            .toList();
    if (http.equals("401")) {
      assertThat(challenges).containsExactly("Basic realm=\"a\"", "Bearer");
    } else {
      assertThat(challenges).isEmpty();
    }
  }

  @Test
  void deadlineIsKeptFromTheHeadersOn() throws Exception {
    RawPeer.Upstream upstream = upstream();
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    client.headers(3, RawPeer.call(PATH).add("grpc-timeout", "150m"), false);
    RawPeer server = upstream.accepted();
    RawPeer.Frame request = server.next("HEADERS");
    assertThat(request.header("grpc-timeout")).matches("1[0-5]?[0-9]{0,6}[mun]|[0-9]{8}n");
    RawPeer.Frame answer = client.next("HEADERS", "DATA", "RST_STREAM");
    assertThat(answer.header("grpc-status")).isEqualTo("4");
    assertThat(answer.header("grpc-message"))
        .matches(
            "gateway: deadline of 0.15s exceeded after [0-9.]+s \\(upstream "
                + upstream.address()
                + ", attempt 1\\)");
    assertThat(server.next("RST_STREAM").code()).isEqualTo(Http2Error.CANCEL.code());
  }

  @ParameterizedTest
  @CsvSource({
    "application/grpc+json, application/grpc+json",
    "application/grpc, application/grpc",
    "application/grpc;q=1, application/grpc",
    "application/grpc+, application/grpc",
  })
  void ownAnswersHaveTheMessageFormatOfTheRequest(String asked, String answered) throws Exception {
    RawPeer client = rig.client(rig.gateway(upstream().address()));
    client.headers(
        3, RawPeer.call(PATH).set("content-type", asked).add("grpc-timeout", "20m"), false);
    RawPeer.Frame answer = client.next("HEADERS", "DATA", "RST_STREAM");
    assertThat(answer.header("grpc-status")).isEqualTo("4");
    assertThat(answer.header("content-type")).isEqualTo(answered);
  }

  @Test
  void routeCutsDeadlines() throws Exception {
    RawPeer.Upstream upstream = upstream();
    rig.terms(
        new RouteOptions(
            Duration.ZERO, Duration.ofSeconds(30), RetryPolicy.DEFAULT, Optional.empty()));
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    client.headers(3, RawPeer.call(PATH).add("grpc-timeout", "2H"), true);
    RawPeer.Frame request = upstream.accepted().next("HEADERS");
    assertThat(request.header("grpc-timeout")).matches("(30000000|2[0-9]{7})u");
  }

  @Test
  void streamThatIsTooOldIsToldToComeAgain() throws Exception {
    RawPeer.Upstream upstream = upstream();
    rig.terms(RouteOptions.DEFAULT.withStreamAge(RouteOptions.LEAST_AGE));
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    client.headers(3, RawPeer.call(PATH), false);
    RawPeer server = upstream.accepted();
    int id = server.next("HEADERS").stream();
    server.headers(id, RawPeer.head(), false);
    assertThat(client.next("HEADERS").header(":status")).isEqualTo("200");

    RawPeer.Frame end = client.next("HEADERS", "RST_STREAM");

    assertThat(end.end()).isTrue();
    assertThat(end.header("grpc-status")).isEqualTo("14");
    assertThat(end.header("grpc-message")).startsWith("gateway: stream older than 1s, call again");
    assertThat(server.next("RST_STREAM").code()).isEqualTo(Http2Error.CANCEL.code());
  }

  @Test
  void saysWhyThereIsNoConnection() throws Exception {
    String deaf = rig.closing(new RefusingPort()).toString();
    RawPeer client = rig.client(rig.gateway(deaf));
    call(client, 3);
    RawPeer.Frame answer = client.next("HEADERS", "RST_STREAM");
    assertThat(answer.header("grpc-status")).isEqualTo("14");
    assertThat(answer.header("grpc-message")).contains("no connection", "refused", deaf);
  }

  @Test
  void saysWhichRoutesThereAre() throws Exception {
    GatewaySnapshot none = new GatewaySnapshot(head -> null, Map.of(), GatewayLimits.DEFAULT);
    RawPeer client = rig.client(rig.gateway(none));
    call(client, 3);
    RawPeer.Frame answer = client.next("HEADERS", "RST_STREAM");
    assertThat(answer.header("grpc-status")).isEqualTo("12");
    assertThat(answer.header("grpc-message"))
        .startsWith("gateway: no route for " + PATH + " with authority echo (expected:");
  }

  @Test
  void answersPlainHttpInPlainText() throws Exception {
    GatewaySnapshot none = new GatewaySnapshot(head -> null, Map.of(), GatewayLimits.DEFAULT);
    RawPeer client = rig.client(rig.gateway(none));
    client.headers(
        3,
        new DefaultHttp2Headers().method("GET").scheme("http").authority("echo").path("/x"),
        true);
    assertThat(client.next("HEADERS").header(":status")).isEqualTo("501");
    RawPeer.Frame text = client.next("DATA");
    assertThat(text.text()).contains("no route for /x");
    assertThat(text.end()).isTrue();
  }

  private RawPeer.Upstream upstream() {
    return rig.closing(RawPeer.listen(new Http2Settings().maxConcurrentStreams(100)));
  }

  private static void call(RawPeer client, int id) {
    client.headers(id, RawPeer.call(PATH), true);
  }
}
