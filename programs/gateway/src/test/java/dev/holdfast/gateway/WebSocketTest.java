package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.greet.HelloReply;
import dev.holdfast.gateway.greet.HelloRequest;
import dev.holdfast.gateway.limits.GatewayLimits;
import io.grpc.Metadata;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Calls over WebSockets, byte by byte, against a stock server. */
class WebSocketTest {
  private static final String SHOP = "https://shop.example";
  private static final String CHAT = "/test.greet.Greeter/Chat";

  private final FrontendRig frontends = new FrontendRig();

  WebSocketTest() throws IOException {}

  @AfterEach
  void close() {
    frontends.close();
  }

  @Test
  void bothSidesTalkAsTheyLike() throws Exception {
    try (RawSocket socket = open(CHAT, "grpc+json")) {
      for (String name : new String[] {"a", "\u00fc"}) {
        socket.text("{\"name\":\"" + name + "\"}");
        assertThat(socket.next())
            .isEqualTo("text {\"text\":\"hello " + name + "\",\"number\":\"1\"}");
      }
      socket.part(1, false, "{\"na".getBytes(StandardCharsets.UTF_8));
      socket.part(0, true, "me\":\"c\"}".getBytes(StandardCharsets.UTF_8));
      assertThat(socket.next()).contains("hello c");
      socket.text("");
      assertThat(socket.next())
          .isEqualTo(
              "text {\"@status\":{\"code\":0,\"message\":\"\"},\"metadata\":{\"x-age\":[\"7\"]}}");
      assertThat(socket.next()).isEqualTo("close 1000 ");
    }
  }

  @Test
  void messagesPassAsTheyAreWithProtobuf() throws Exception {
    try (RawSocket socket = open(CHAT, "other, grpc+proto")) {
      assertThat(socket.head()).containsIgnoringCase("sec-websocket-protocol: grpc+proto");
      socket.part(2, true, HelloRequest.newBuilder().setName("b").build().toByteArray());
      assertThat(HelloReply.parseFrom(socket.nextBytes()).getText()).isEqualTo("hello b");
      socket.part(2, true, new byte[0]);
      assertThat(HelloReply.parseFrom(socket.nextBytes()).getText()).isEqualTo("hello ");
      socket.text("");
      assertThat(socket.next()).startsWith("text {\"@status\":{\"code\":0");
      assertThat(socket.next()).isEqualTo("close 1000 ");
    }
  }

  @Test
  void theFirstKnownProtocolOfTheClientIsSelected() throws Exception {
    try (RawSocket socket = open(CHAT, "grpc-heartbeat+json, grpc+json")) {
      assertThat(socket.head()).containsIgnoringCase("sec-websocket-protocol: grpc-heartbeat+json");
      socket.text("{\"name\":\"a\"}");
      assertThat(socket.next()).contains("hello a");
    }
    try (RawSocket socket = open(CHAT, "grpc+json, grpc-heartbeat+json")) {
      assertThat(socket.head()).containsIgnoringCase("sec-websocket-protocol: grpc+json\r\n");
    }
  }

  @Test
  void aMethodOfOneMessageNeedsNoEndAndAPathMayBeTheMessage() throws Exception {
    try (RawSocket socket = open("/test.greet.Greeter/SayHello", "grpc+json")) {
      socket.text("{\"name\":\"one\"}");
      assertThat(socket.next()).contains("hello one");
      assertThat(socket.next()).contains("\"code\":0");
    }
    try (RawSocket socket = open("/v1/hello/x:many?count=2&fails=true", "grpc+json")) {
      assertThat(socket.next()).contains("\"number\":\"1\"");
      assertThat(socket.next()).contains("\"number\":\"2\"");
      assertThat(socket.next())
          .startsWith("text {\"@status\":{\"code\":5,\"message\":\"nobody ist nicht da")
          .contains("google.rpc.ErrorInfo");
      assertThat(socket.next()).isEqualTo("close 4005 nobody ist nicht da: \u00fc");
    }
  }

  @Test
  void whatIsNoMessageIsToldInTheStatus() throws Exception {
    try (RawSocket socket = open(CHAT, "grpc+json")) {
      socket.text("{\"nam\":1}");
      assertThat(socket.next()).contains("\"code\":3", "nam");
      assertThat(socket.next()).startsWith("close 4003 gateway: ");
    }
    try (RawSocket socket = open(CHAT, "grpc+json")) {
      socket.part(2, true, new byte[1]);
      assertThat(socket.next()).isEqualTo("close 1003 a binary message");
    }
  }

  @Test
  void onlyPagesOfThisAddressOrOfCorsMayAsk() throws Exception {
    assertThat(cookieOf("origin: " + SHOP)).isNull();
    assertThat(cookieOf("origin: http://x")).isEqualTo("a=1");
    assertThat(cookieOf("x-page: none")).isEqualTo("a=1");
    assertThat(ask("origin: http://y"))
        .startsWith("HTTP/1.1 403 ")
        .contains("content-type: application/json")
        .contains("{\"code\":7,\"message\":\"gateway: origin: http://y (expected: ");
    assertThat(ask("origin: null")).startsWith("HTTP/1.1 403 ");
    assertThat(ask("sec-websocket-protocol: soap"))
        .startsWith("HTTP/1.1 400 ")
        .contains(
            "sec-websocket-protocol: soap (expected: grpc+json, grpc-heartbeat+json or"
                + " grpc+proto)");
    assertThat(ask("sec-websocket-version: 8")).startsWith("HTTP/1.1 400 ");
  }

  @Test
  void aClientThatLeavesEndsItsCall() throws Exception {
    try (RawSocket socket = open("/v1/hello/x:many?count=1000000&padding=1000", "grpc+json")) {
      assertThat(socket.next()).contains("hello x");
    }
    frontends.greetings.cancelled.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  @Test
  void whoReadsNothingHoldsTheUpstreamBackAndIsCutOff() throws Exception {
    GatewayLimits limits = GatewayLimits.DEFAULT;
    GatewayLimits impatient =
        new GatewayLimits(
            limits.streams(),
            limits.headerListBytes(),
            limits.streamWindowBytes(),
            limits.connectionBytes(),
            limits.handshake(),
            Duration.ofSeconds(1));
    try (FrontendRig hasty = new FrontendRig(FrontendRig.KNOWN, impatient);
        RawSocket socket =
            RawSocket.ask(hasty.socket(), "/v1/hello/x:many?count=1000000&padding=10000")) {
      hasty.greetings.cancelled.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
      // What the kernel keeps for both sockets and all windows, not the ten gigabytes there are.
      assertThat(hasty.greetings.sent.get()).isBetween(1, 2_000);
      assertThat(hasty.rig.met("socket_silent")).isEqualTo(1);
      assertThat(socket.head()).startsWith("HTTP/1.1 101 ");
    }
  }

  @Test
  void framesThatNobodyMaySendEndIt() throws Exception {
    try (RawSocket socket = open(CHAT, "grpc+json")) {
      socket.raw(new byte[] {(byte) 0x81, 2, '{', '}'});
      assertThat(socket.next()).startsWith("close 1002 ");
    }
    try (RawSocket socket = open(CHAT, "grpc+json")) {
      socket.raw(new byte[] {(byte) 0x81, (byte) 0xff, 0, 0, 0, 0, 0, 0x40, 0, 1});
      assertThat(socket.next()).startsWith("close 1009 ");
    }
    try (RawSocket socket = open(CHAT, "grpc+json")) {
      byte[] part = new byte[1_048_576];
      socket.part(1, false, part);
      for (int i = 0; i < 4; i++) {
        socket.part(0, false, part);
      }
      assertThat(socket.next()).startsWith("close 1009 ");
    }
    assertThat(frontends.rig.met("socket_message")).isEqualTo(2);
  }

  private RawSocket open(String path, String protocols) throws IOException {
    RawSocket socket =
        RawSocket.ask(frontends.socket(), path, "sec-websocket-protocol: " + protocols);
    assertThat(socket.head()).startsWith("HTTP/1.1 101 ");
    return socket;
  }

  private @Nullable String cookieOf(String line) throws IOException {
    try (RawSocket socket = RawSocket.ask(frontends.socket(), CHAT, line, "cookie: a=1")) {
      assertThat(socket.head()).startsWith("HTTP/1.1 101 ");
      socket.text("{}");
      assertThat(socket.next()).contains("hello");
      return frontends.greetings.metadata.get(
          Metadata.Key.of("cookie", Metadata.ASCII_STRING_MARSHALLER));
    }
  }

  private String ask(String... lines) throws IOException {
    try (RawSocket socket = RawSocket.ask(frontends.socket(), CHAT, lines)) {
      return socket.head();
    }
  }
}
