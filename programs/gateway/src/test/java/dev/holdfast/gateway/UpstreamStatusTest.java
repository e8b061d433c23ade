package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.testkit.RefusingPort;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.route.RetryPolicy;
import dev.holdfast.gateway.route.RouteOptions;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Settings;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
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
  void refusedStreamIsTriedAgainWithItsBody() throws Exception {
    RawPeer.Upstream upstream = upstream();
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    client.headers(3, RawPeer.call(PATH), false);
    client.data(3, MESSAGE, true);
    RawPeer server = upstream.accepted();
    int first = server.next("HEADERS").stream();
    server.next("DATA");
    server.reset(first, Http2Error.REFUSED_STREAM.code());
    int second = server.next("HEADERS").stream();
    RawPeer.Frame body = server.next("DATA");
    assertThat(second).isNotEqualTo(first);
    assertThat(body.data()).isEqualTo(ByteBuffer.wrap(MESSAGE));
    assertThat(body.end()).isTrue();
    server.headers(second, RawPeer.head().add("grpc-status", "0"), true);
    assertThat(client.next("HEADERS", "RST_STREAM").header("grpc-status")).isEqualTo("0");
  }

  @Test
  void whatIsRefusedToTheEndIsRefusedToTheClient() throws Exception {
    RawPeer.Upstream upstream = upstream();
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    call(client, 3);
    RawPeer server = upstream.accepted();
    for (int i = 0; i < RetryPolicy.MAX_ATTEMPTS; i++) {
      server.reset(server.next("HEADERS").stream(), Http2Error.REFUSED_STREAM.code());
    }
    RawPeer.Frame answer = client.next("HEADERS", "RST_STREAM");
    assertThat(answer.type()).isEqualTo("RST_STREAM");
    assertThat(answer.code()).isEqualTo(Http2Error.REFUSED_STREAM.code());
  }

  @Test
  void whatMayHaveBeenProcessedBeforeIsNotRefusedToTheClient() throws Exception {
    RetryPolicy twice = new RetryPolicy(2, true, Set.of());
    rig.terms(new RouteOptions(Duration.ZERO, Duration.ZERO, twice, Optional.empty()));
    RawPeer.Upstream upstream = upstream();
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    call(client, 3);
    RawPeer server = upstream.accepted();
    server.reset(server.next("HEADERS").stream(), Http2Error.INTERNAL_ERROR.code());
    server.reset(server.next("HEADERS").stream(), Http2Error.REFUSED_STREAM.code());
    RawPeer.Frame answer = client.next("HEADERS", "RST_STREAM");
    assertThat(answer.header("grpc-status")).isEqualTo("14");
    assertThat(answer.header("grpc-message")).contains("REFUSED_STREAM", "attempt 2");
  }

  @Test
  void callsAboveGoAwayMoveAndOthersStay() throws Exception {
    RawPeer.Upstream upstream = upstream();
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    call(client, 3);
    RawPeer old = upstream.accepted();
    int stays = old.next("HEADERS").stream();
    call(client, 5);
    old.next("HEADERS");
    old.goAway(stays, Http2Error.NO_ERROR.code());
    RawPeer fresh = upstream.accepted();
    int moved = fresh.next("HEADERS").stream();
    fresh.headers(moved, RawPeer.head().add("grpc-status", "0"), true);
    RawPeer.Frame ofMoved = client.next("HEADERS");
    assertThat(ofMoved.stream()).isEqualTo(5);
    assertThat(ofMoved.header("grpc-status")).isEqualTo("0");
    old.headers(stays, RawPeer.head().add("grpc-status", "0"), true);
    RawPeer.Frame ofOld = client.next("HEADERS");
    assertThat(ofOld.stream()).isEqualTo(3);
    assertThat(ofOld.header("grpc-status")).isEqualTo("0");
  }

  @Test
  void lostConnectionIsNoSafeRetry() throws Exception {
    RawPeer.Upstream upstream = upstream();
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    call(client, 3);
    RawPeer server = upstream.accepted();
    server.next("HEADERS");
    server.close();
    RawPeer.Frame answer = client.next("HEADERS", "RST_STREAM");
    assertThat(answer.header("grpc-status")).isEqualTo("14");
    assertThat(answer.header("grpc-message")).contains("connection lost", "attempt 1");
  }

  @Test
  void unreachableEndpointLosesToAReachableOne() throws Exception {
    String deaf = rig.closing(new RefusingPort()).toString();
    RawPeer.Upstream upstream = upstream();
    RawPeer client = rig.client(rig.gateway(deaf, upstream.address()));
    for (int id = 3; id < 23; id += 2) {
      call(client, id);
    }
    RawPeer server = upstream.accepted();
    for (int i = 0; i < 10; i++) {
      server.headers(server.next("HEADERS").stream(), RawPeer.head().add("grpc-status", "0"), true);
      assertThat(client.next("HEADERS", "RST_STREAM").header("grpc-status")).isEqualTo("0");
    }
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

  /** The gateway adds x-forwarded-for and -proto, so that an accepted request may be too large. */
  @ParameterizedTest
  @CsvSource({"16384, 16000, 16435", "4096, 3700, 4135"})
  void headersAboveTheLimitOfTheUpstreamEndTheCallAtOnce(int limit, int bytes, int sent)
      throws Exception {
    RawPeer.Upstream upstream =
        rig.closing(
            RawPeer.listen(
                new Http2Settings().maxHeaderListSize(limit),
                (peer, request) ->
                    peer.headers(request.stream(), RawPeer.head().add("grpc-status", "0"), true)));
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    int id = 1;
    // More than an endpoint or a retry budget would take.
    for (int i = 0; i < 30; i++) {
      id += 2;
      client.headers(id, RawPeer.call(PATH).add("x-large", "x".repeat(bytes)), true);
      RawPeer.Frame refused = client.next("HEADERS", "RST_STREAM");
      assertThat(refused.header("grpc-status")).isEqualTo("8");
      assertThat(refused.header("grpc-message"))
          .contains(
              "request headers of " + sent + " bytes",
              "SETTINGS_MAX_HEADER_LIST_SIZE of the upstream is " + limit,
              upstream.address(),
              "attempt 1)");
    }
    call(client, id + 2);
    assertThat(client.next("HEADERS", "RST_STREAM").header("grpc-status")).isEqualTo("0");
    assertThat(rig.meters.find("holdfast.gateway.ejected").counters()).isEmpty();
    assertThat(rig.met("retries")).isZero();
    upstream.accepted();
    assertThat(upstream.peers()).isEmpty();
  }

  @Test
  void emptyDataOfOneAnswerLeavesTheOthersOfItsConnection() throws Exception {
    RawPeer.Upstream upstream = upstream();
    Gateway gateway = rig.gateway(upstream.address());
    RawPeer client = rig.client(gateway);
    RawPeer other = rig.client(gateway);
    call(client, 3);
    RawPeer server = upstream.accepted();
    int flooded = server.next("HEADERS").stream();
    call(other, 3);
    int good = server.next("HEADERS").stream();
    server.headers(flooded, RawPeer.head(), false);
    server.headers(good, RawPeer.head(), false);
    server.raw(AttackedGateway.repeated(RawServer.frame(0, 0, good), 9));
    server.raw(AttackedGateway.repeated(RawServer.frame(0, 0, flooded), 10));
    server.raw(AttackedGateway.repeated(RawServer.frame(0, 0, good), 1));
    server.raw(AttackedGateway.repeated(RawServer.frame(0, 0, flooded), 40));
    client.next("HEADERS");
    RawPeer.Frame end = client.next("HEADERS", "RST_STREAM");
    assertThat(end.header("grpc-status")).isEqualTo("13");
    assertThat(end.header("grpc-message")).contains("more than 10 empty frames of DATA");
    assertThat(server.next("RST_STREAM", "GOAWAY").type()).isEqualTo("RST_STREAM");
    server.data(good, MESSAGE, false);
    server.headers(good, RawPeer.trailers(0), true);
    other.next("HEADERS");
    assertThat(other.next("DATA").data()).isEqualTo(ByteBuffer.wrap(MESSAGE));
    assertThat(other.next("HEADERS", "RST_STREAM").header("grpc-status")).isEqualTo("0");
    call(other, 5);
    server.headers(server.next("HEADERS").stream(), RawPeer.head().add("grpc-status", "0"), true);
    assertThat(other.next("HEADERS", "RST_STREAM").header("grpc-status")).isEqualTo("0");
  }

  @Test
  void smallWindowsOfAClientEarnTheFramesThatOpenThem() throws Exception {
    int window = 256;
    int bytes = 2 << 20;
    RawPeer.Upstream upstream =
        rig.closing(
            RawPeer.listen(
                new Http2Settings(),
                (peer, request) -> {
                  peer.headers(request.stream(), RawPeer.head(), false);
                  peer.data(request.stream(), new byte[bytes], false);
                  peer.headers(request.stream(), RawPeer.trailers(0), true);
                }));
    try (Socket socket = new Socket()) {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(20_000);
      socket.connect(rig.gateway(upstream.address()).address());
      OutputStream out = socket.getOutputStream();
      DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
      out.write(RawFrame.PREFACE);
      out.write(RawServer.frame(4, 0, 0, 0, 4, 0, 0, window >> 8, window & 0xff));
      // POST http /, with the content type of gRPC.
      ByteArrayOutputStream block = new ByteArrayOutputStream();
      block.writeBytes(new byte[] {(byte) 0x83, (byte) 0x86, (byte) 0x84, 0x0f, 0x10, 16});
      block.writeBytes("application/grpc".getBytes(StandardCharsets.US_ASCII));
      out.write(RawServer.frame(1, 5, 1, block.toByteArray()));
      int came = 0;
      while (came < bytes) {
        RawFrame frame = RawFrame.read(in);
        int length = frame.payload().remaining();
        assertThat(frame.type()).as("after %d bytes", came).isNotEqualTo(RawFrame.GOAWAY);
        if (frame.type() == RawFrame.DATA) {
          came += length;
          int[] credit = {0, 0, length >> 8, length & 0xff};
          out.write(
              RawServer.join(RawServer.frame(8, 0, 0, credit), RawServer.frame(8, 0, 1, credit)));
        }
      }
      assertThat(rig.met("control_frames")).isZero();
    }
  }

  private RawPeer.Upstream upstream() {
    return rig.closing(RawPeer.listen(new Http2Settings().maxConcurrentStreams(100)));
  }

  private static void call(RawPeer client, int id) {
    client.headers(id, RawPeer.call(PATH), true);
  }
}
