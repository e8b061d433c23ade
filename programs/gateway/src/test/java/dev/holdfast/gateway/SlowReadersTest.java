package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.greet.HelloRequest;
import dev.holdfast.gateway.limits.GatewayLimits;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Clients over HTTP/1.1 that read slowly, or pause: the counterpart of {@link
 * ForwardedBackpressureTest}.
 */
class SlowReadersTest {
  private static final int PAUSED = 12;
  private static final int MESSAGES = 1_000;
  private static final int BYTES = 100_000;

  /** How a stream of answers is asked for. */
  enum Stream {
    LINES(get("application/x-ndjson")),
    EVENTS(get("text/event-stream")),
    ARRAY(get("application/json")),
    GRPC_WEB(post("application/grpc-web+proto", 0)),
    GRPC_WEB_TEXT(
        FrontendRig.lines(
                "POST /test.greet.Greeter/SayMany HTTP/1.1",
                "host: x",
                "content-type: application/grpc-web-text+proto",
                "content-length: 16")
            + Base64.getEncoder().encodeToString(latin1(envelope(0)))),
    CONNECT(post("application/connect+proto", 0)),
    SOCKET(
        FrontendRig.lines(
            "GET " + path() + " HTTP/1.1",
            "host: x",
            "connection: Upgrade",
            "upgrade: websocket",
            "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
            "sec-websocket-version: 13",
            "sec-websocket-protocol: grpc+json"));

    final String request;

    Stream(String request) {
      this.request = request;
    }

    private static String get(String accept) {
      return FrontendRig.lines("GET " + path() + " HTTP/1.1", "host: x", "accept: " + accept);
    }

    private static String post(String type, int flags) {
      return FrontendRig.lines(
              "POST /test.greet.Greeter/SayMany HTTP/1.1",
              "host: x",
              "content-type: " + type,
              "content-length: 12")
          + envelope(flags);
    }

    private static String path() {
      return "/v1/hello/x:many?count=" + MESSAGES + "&padding=" + BYTES;
    }

    /** A message with these counts. */
    private static String envelope(int flags) {
      byte[] message =
          HelloRequest.newBuilder().setCount(MESSAGES).setPadding(BYTES).build().toByteArray();
      return (char) flags
          + "\0\0\0"
          + (char) message.length
          + new String(message, StandardCharsets.ISO_8859_1);
    }
  }

  private static byte[] latin1(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  @ParameterizedTest
  @EnumSource(Stream.class)
  void whoPausesHoldsItsOwnStreamBackAndNobodyElse(Stream stream) throws Exception {
    try (AttackedHttpGateway attacked = new AttackedHttpGateway()) {
      List<Socket> paused = new ArrayList<>();
      for (int i = 0; i < PAUSED; i++) {
        Socket socket = attacked.deafAttacker();
        paused.add(socket);
        socket.getOutputStream().write(latin1(stream.request));
      }
      for (Socket each : paused) {
        assertThat(statusLine(each)).containsAnyOf(" 200 ", " 101 ");
      }
      attacked.assertUnharmed();
      // What sockets and windows hold, of 100 MB for each.
      assertThat(attacked.frontends.greetings.sent.get()).isLessThan(PAUSED * MESSAGES / 4);
      attacked.assertUnharmed();
      attacked.assertNothingKept();
    }
  }

  @Test
  void theLastAnswerIsWholeHoweverSlowlyItIsRead() throws Exception {
    try (AttackedHttpGateway attacked = new AttackedHttpGateway();
        Socket socket = attacked.deafAttacker()) {
      int bytes = 4_000_000;
      String line = "GET /v1/hello/x?padding=" + bytes + " HTTP/1.1";
      String request = FrontendRig.lines(line, "host: x", "connection: close");
      socket.getOutputStream().write(latin1(request));
      String head = head(socket.getInputStream());
      assertThat(head).contains(" 200 ");
      // The gateway has written all that it may before the first byte of the body is read.
      attacked.assertUnharmed();
      byte[] body = socket.getInputStream().readAllBytes();
      assertThat(body).hasSizeGreaterThan(bytes);
      assertThat(new String(body, body.length - 20, 20, StandardCharsets.US_ASCII)).endsWith("}");
    }
  }

  @Test
  void anAnswerThatIsNotReadIsOnItsClientsAccount() throws Exception {
    try (AttackedHttpGateway attacked = new AttackedHttpGateway()) {
      Socket socket = attacked.deafAttacker();
      String line = "GET /v1/hello/x?padding=4000000 HTTP/1.1";
      socket.getOutputStream().write(latin1(FrontendRig.lines(line, "host: x")));
      // With its head the whole answer was written; sockets take a part of it.
      assertThat(head(socket.getInputStream())).contains(" 200 ");
      await()
          .untilAsserted(
              () ->
                  assertThat(GatewayRig.kept(attacked.frontends.gateway))
                      .isGreaterThanOrEqualTo(1_000_000));
      attacked.assertUnharmed();
      attacked.assertNothingKept();
    }
  }

  @Test
  void whoTakesNothingForAsLongAsAConnectionMayBeIdleIsCutOff() throws Exception {
    GatewayLimits limits = GatewayLimits.DEFAULT;
    GatewayLimits impatient =
        new GatewayLimits(
            limits.streams(),
            limits.headerListBytes(),
            limits.streamWindowBytes(),
            limits.connectionBytes(),
            limits.handshake(),
            Duration.ofSeconds(1));
    try (AttackedHttpGateway attacked = new AttackedHttpGateway(impatient)) {
      attacked.deafAttacker().getOutputStream().write(latin1(Stream.LINES.request));
      await().untilAsserted(() -> assertThat(attacked.frontends.rig.met("unread")).isEqualTo(1));
      attacked.frontends.greetings.cancelled.get();
      attacked.assertUnharmed();
    }
  }

  private static String statusLine(Socket socket) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = socket.getInputStream().read(); c >= 0 && c != '\n'; ) {
      line.append((char) c);
      c = socket.getInputStream().read();
    }
    return line.toString();
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      head.append((char) in.read());
    }
    return head.toString();
  }
}
