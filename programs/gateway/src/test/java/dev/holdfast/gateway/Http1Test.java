package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.limits.GatewayLimits;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** HTTP/1.1 on the port of HTTP/2, byte by byte. */
final class Http1Test {
  private static final String HELLO = "GET /v1/hello/%s HTTP/1.1\r\nhost: x\r\n\r\n";
  private static final String LAST =
      "GET /v1/hello/z HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

  private final FrontendRig frontends;

  Http1Test() throws IOException {
    frontends = new FrontendRig();
  }

  @AfterEach
  void close() {
    frontends.close();
  }

  @Test
  void answersPipelinedRequestsInTheirOrder() throws Exception {
    StringBuilder requests = new StringBuilder();
    for (int i = 0; i < 30; i++) {
      requests.append(HELLO.formatted("n" + i + "."));
    }
    String answers = frontends.raw(requests + LAST);
    int at = 0;
    for (int i = 0; i < 30; i++) {
      at = answers.indexOf("hello n" + i + ".", at);
      assertThat(at).isPositive();
    }
    assertThat(answers).contains("hello z");
  }

  @Test
  void whoConnectedBeforeADrainIsAnsweredAndToldToGo() throws Exception {
    GatewayRig rig = frontends.rig.closing(new GatewayRig()).drain(DrainTimes.DEFAULT);
    Gateway gateway = FrontendRig.open(rig, FrontendRig.KNOWN, rig.serve(new Greetings()));
    try (Socket silent = new Socket(gateway.address().getAddress(), gateway.address().getPort());
        Socket next = new Socket(gateway.address().getAddress(), gateway.address().getPort())) {
      // Accepted after the first, as its answer shows.
      next.getOutputStream().write(LAST.getBytes(StandardCharsets.US_ASCII));
      assertThat(new String(next.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .contains("hello z");
      CompletableFuture<Void> drained = gateway.drain();
      silent.getOutputStream().write(HELLO.formatted("late").getBytes(StandardCharsets.US_ASCII));
      assertThat(new String(silent.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .contains("hello late")
          .containsIgnoringCase("connection: close");
      drained.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
  }

  @Test
  void asksForABodyThatWaitsToBeAskedFor() throws Exception {
    String head =
        FrontendRig.lines(
            "POST /v1/hello HTTP/1.1",
            "host: x",
            "connection: close",
            "expect: 100-continue",
            "content-type: application/json",
            "content-length: 12");
    assertThat(frontends.raw(head + "{\"name\":\"e\"}"))
        .startsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")
        .contains("hello e");
  }

  @Test
  void refusesWhatIsNoHttp() throws Exception {
    assertThat(frontends.raw("NONSENSE\r\n\r\n")).startsWith("HTTP/1.1 400 ");
    assertThat(frontends.raw("GET / HTTP/1.1\r\n\r\n"))
        .startsWith("HTTP/1.1 400 ")
        .contains("host");
    assertThat(frontends.raw("GET /" + "a".repeat(9_000) + " HTTP/1.1\r\nhost: x\r\n\r\n"))
        .startsWith("HTTP/1.1 414 ");
    assertThat(frontends.raw("GET / HTTP/1.1\r\nhost: x\r\nx: " + "a".repeat(20_000) + "\r\n\r\n"))
        .startsWith("HTTP/1.1 431 ");
    assertThat(
            frontends.raw(
                FrontendRig.lines(
                    "POST /test.greet.Greeter/SayHello HTTP/1.1",
                    "host: x",
                    "connection: close",
                    "content-type: application/grpc",
                    "content-length: 0")))
        .startsWith("HTTP/1.1 426 ")
        .contains("{\"code\":12,", "expected: HTTP/2");
  }

  /** As over HTTP/2: gRPC has none in requests, and an upstream may end its connection for them. */
  @Test
  void trailersOfARequestGoNoFarther() throws Exception {
    String answer =
        frontends.raw(
            FrontendRig.lines(
                "POST /v1/hello HTTP/1.1",
                "host: x",
                "content-type: application/json",
                "connection: close",
                "transfer-encoding: chunked",
                "",
                "c",
                "{\"name\":\"x\"}",
                "0",
                "x-last: 1",
                "content-length: 3"));
    assertThat(answer).startsWith("HTTP/1.1 200 ").contains("hello x");
    assertThat(frontends.greetings.metadata.keys()).doesNotContain("x-last");
  }

  @Test
  void answersHttp10WithoutChunks() throws Exception {
    assertThat(
            frontends.raw(
                "GET /v1/hello/x:many?count=2 HTTP/1.0\r\naccept: text/event-stream\r\n\r\n"))
        .doesNotContain("chunked")
        .endsWith("event: end\ndata: {}\n\n");
  }

  @Test
  void closesOnAClientThatTakesTooLongForItsHead() throws Exception {
    GatewayLimits patient = GatewayLimits.DEFAULT;
    GatewayLimits hasty =
        new GatewayLimits(
            patient.streams(),
            patient.headerListBytes(),
            patient.streamWindowBytes(),
            patient.connectionBytes(),
            Duration.ofMillis(100),
            patient.idle());
    try (FrontendRig quick = new FrontendRig(FrontendRig.KNOWN, hasty)) {
      for (String begun : new String[] {"", "GET /v1/hello/x HTTP/1.1\r\nho"}) {
        try (Socket socket = quick.socket()) {
          socket.getOutputStream().write(begun.getBytes(StandardCharsets.US_ASCII));
          assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
      }
      assertThat(quick.rig.met("handshake")).isEqualTo(2);
    }
  }
}
