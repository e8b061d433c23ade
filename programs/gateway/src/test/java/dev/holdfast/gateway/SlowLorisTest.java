package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.limits.GatewayLimits;
import io.netty.handler.codec.http2.Http2Settings;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Clients over HTTP/1.1 that begin and don't go on: the counterpart of {@link SlowAttackTest}. The
 * tests wait most of their time, so they run at once.
 */
@ParameterizedClass
@ArgumentsSource(TestedTransports.class)
@Execution(ExecutionMode.CONCURRENT)
class SlowLorisTest {
  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final String STREAM =
      FrontendRig.lines(
          "POST /v1/chat HTTP/1.1",
          "host: x",
          "content-type: application/x-ndjson",
          "transfer-encoding: chunked");
  private static final String LINE = "{\"name\":\"a\"}\n";
  private static final String CHUNK = "d\r\n" + LINE + "\r\n";

  private static final String SOCKET =
      FrontendRig.lines(
          "GET /test.greet.Greeter/Chat HTTP/1.1",
          "host: x",
          "connection: Upgrade",
          "upgrade: websocket",
          "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
          "sec-websocket-version: 13",
          "sec-websocket-protocol: grpc+json");

  /** A whole frame, masked with zeros. */
  private static final String FRAME = "\u0081\u0082\0\0\0\0{}";

  /** The first byte of one that the gateway sends. */
  private static final int PING = 0x89;

  private final Transport transport;

  SlowLorisTest(Transport transport) {
    this.transport = transport;
  }

  /** Where a client stops. */
  enum Part {
    REQUEST_LINE("G", "handshake"),
    PATH("GET /v1/", "handshake"),
    BLANK_LINES("\r\n", "handshake"),
    HEADERS("GET /v1/hello/x HTTP/1.1\r\nhost: x\r\nx: ", "handshake"),
    SECOND_REQUEST("GET /v1/hello/x HTTP/1.1\r\nhost: x\r\n\r\nGET /v", "handshake"),
    CHUNK_SIZE(STREAM + CHUNK + "0", "slow_frame"),
    EXTENSION(STREAM + CHUNK + "5;a=", "slow_frame"),
    EMPTY_CHUNK(STREAM + CHUNK + "5\r\n", "slow_frame"),
    TRAILERS(STREAM + CHUNK + "0\r\nx: ", "slow_frame"),
    FRAME_HEAD(FRAME + "\u0081", "slow_frame"),
    FRAME_MASK(FRAME + "\u0081\u0085\0\0", "slow_frame"),
    FRAME_BYTES(FRAME + "\u0081\u00fe\u007f\u00ff\0\0\0\0{", "slow_frame");

    final String begun;
    final String limit;

    Part(String begun, String limit) {
      this.begun = begun;
      this.limit = limit;
    }
  }

  @ParameterizedTest
  @EnumSource(Part.class)
  void whatIsBegunIsToBeEnded(Part part) throws Exception {
    try (AttackedHttpGateway attacked =
        new AttackedHttpGateway(AttackedHttpGateway.impatient(PATIENCE), transport)) {
      Socket socket = attacked.attacker();
      if (part.begun.startsWith(FRAME)) {
        // Behind the answer: what a client sends before it knows of the WebSocket is no frame yet.
        send(socket, SOCKET);
        assertThat(read(socket, "\r\n\r\n", 1)).startsWith("HTTP/1.1 101 ");
      }
      send(socket, part.begun);
      boolean silent =
          part == Part.EMPTY_CHUNK || part == Part.FRAME_HEAD || part == Part.FRAME_MASK;
      String more = part == Part.BLANK_LINES ? "\r\n" : "0";
      await()
          .untilAsserted(
              () -> {
                if (!silent) {
                  dribble(socket, more);
                }
                assertThat(attacked.frontends.rig.met(part.limit)).isEqualTo(1);
              });
      attacked.assertUnharmed();
      attacked.assertNothingKept();
    }
  }

  @Test
  void aBodyThatStopsBetweenChunksIsAStreamLikeAnyOther() throws Exception {
    try (AttackedHttpGateway attacked =
        new AttackedHttpGateway(AttackedHttpGateway.impatient(PATIENCE), transport)) {
      Socket socket = attacked.attacker();
      send(socket, STREAM + CHUNK.substring(0, CHUNK.length() - 2));
      awaitPatience();
      // The end of a chunk by itself is the beginning of nothing.
      send(socket, "\r\n");
      awaitPatience();
      send(socket, CHUNK + "0\r\n\r\n");
      assertThat(read(socket, "hello a", 2)).startsWith("HTTP/1.1 200 ");
      assertThat(attacked.frontends.rig.met("slow_frame")).isZero();
    }
  }

  /** A large frame over a slow line: no PING can be answered before its end. */
  @Test
  void aFrameThatComesSlowlyIsNoSilence() throws Exception {
    GatewayLimits limits =
        new GatewayLimits(
            GatewayLimits.STREAMS,
            GatewayLimits.HEADER_LIST_BYTES,
            GatewayLimits.STREAM_WINDOW_BYTES,
            GatewayLimits.CONNECTION_BYTES,
            GatewayLimits.HANDSHAKE,
            PATIENCE.multipliedBy(2));
    try (AttackedHttpGateway attacked = new AttackedHttpGateway(limits, transport)) {
      Socket socket = attacked.attacker();
      send(socket, SOCKET);
      assertThat(read(socket, "\r\n\r\n", 1)).startsWith("HTTP/1.1 101 ");
      send(socket, FRAME);
      assertThat(read(socket, "hello ", 1)).isNotEmpty();
      send(socket, "\u0081\u00ff\0\0\0\0\0@\0\0\0\0\0\0");
      String step = "y".repeat(16_384);
      socket.setSoTimeout(100);
      int pings = 0;
      while (pings < 3) {
        send(socket, step);
        pings += pings(socket);
      }
      assertThat(attacked.frontends.rig.met("socket_silent")).isZero();
    }
  }

  /** Its upstream takes nothing, so that the gateway does not read on. */
  @Test
  void whoIsNotReadIsNotBlamedForWhatItBegan() throws Exception {
    Http2Settings closed = new Http2Settings().initialWindowSize(0);
    try (RawPeer.Upstream upstream = RawPeer.listen(closed);
        GatewayRig rig = new GatewayRig()) {
      rig.limits(AttackedHttpGateway.impatient(PATIENCE)).transport(transport);
      Gateway gateway = FrontendRig.open(rig, FrontendRig.KNOWN, upstream.address());
      try (Socket socket = transport.socket(transport.address(gateway))) {
        String message = "{\"name\":\"" + "y".repeat(1_000_000) + "\"}";
        send(socket, SOCKET + "\u0081\u00ff\0\0\0\0\0");
        int length = message.length();
        send(
            socket,
            "" + (char) (length >> 16) + (char) (length >> 8 & 255) + (char) (length & 255));
        send(socket, "\0\0\0\0" + message + "\u0081\u00fe\u007f\u00ff\0\0\0\0{");
        upstream.accepted().next("HEADERS");
        await().until(() -> GatewayRig.kept(gateway) > 0);
        awaitPatience();
        assertThat(rig.met("slow_frame")).isZero();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(AttackedHttpGateway.Ask.class)
  void aConnectionThatHadItsAnswerIsIdle(AttackedHttpGateway.Ask ask) throws Exception {
    try (AttackedHttpGateway attacked =
        new AttackedHttpGateway(AttackedHttpGateway.impatient(PATIENCE), transport)) {
      Socket socket = attacked.attacker();
      send(socket, ask.request);
      assertThat(read(socket, "HTTP/1.1" + ask.status, 1)).isNotEmpty();
      awaitPatience();
      send(socket, "GET /v1/hello/again HTTP/1.1\r\nhost: x\r\n\r\n");
      assertThat(read(socket, "hello again", 1)).isNotEmpty();
      assertThat(attacked.frontends.rig.met("handshake")).isZero();
    }
  }

  /** How many came since the last check: one or none. */
  private static int pings(Socket socket) throws IOException {
    try {
      return socket.getInputStream().read() == PING ? 1 : 0;
    } catch (SocketTimeoutException e) {
      return 0;
    }
  }

  private static void awaitPatience() {
    long began = System.nanoTime();
    await().until(() -> System.nanoTime() - began > 2 * PATIENCE.toNanos());
  }

  /** What comes until this was said so often. */
  private static String read(Socket socket, String text, int times) throws IOException {
    StringBuilder all = new StringBuilder();
    while (all.toString().split(text, -1).length <= times) {
      int next = socket.getInputStream().read();
      assertThat(next).as("the end after: %s", all).isNotNegative();
      all.append((char) next);
    }
    return all.toString();
  }

  private static void dribble(Socket socket, String text) {
    try {
      send(socket, text);
    } catch (IOException e) {
      // It is closed.
      assertThat(e).hasMessageMatching(".*(reset|Broken pipe|closed).*");
    }
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }
}
