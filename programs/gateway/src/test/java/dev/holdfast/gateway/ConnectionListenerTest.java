package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.CloseReason;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.traffic.ConnectionProtocol;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCalls;
import io.netty.handler.codec.http2.Http2Settings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The events of a gateway's connections, on both of its sides, as a listener hears them. */
class ConnectionListenerTest {
  private final HeardConnections heard = new HeardConnections();
  private final GatewayRig rig = new GatewayRig().connections(heard);

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void bothEndsOfACallAreHeardWithTheUserAgent() throws Exception {
    String endpoint = rig.serve(new Echo());
    Gateway gateway = rig.gateway(endpoint);
    ManagedChannel channel = rig.channel(gateway);

    byte[] word = "a".getBytes(StandardCharsets.US_ASCII);
    assertThat(ClientCalls.blockingUnaryCall(channel, Echo.UNARY, CallOptions.DEFAULT, word))
        .isEqualTo(word);

    HeardConnections.Heard client = heard.only("");
    assertThat(client.ends.local()).isEqualTo(gateway.address());
    assertThat(((InetSocketAddress) Objects.requireNonNull(client.ends.peer())).getPort())
        .isNotEqualTo(gateway.address().getPort());
    assertThat(client.agents).singleElement().asString().startsWith("grpc-java-netty/");
    HeardConnections.Heard upstream = heard.only("echo");
    assertThat(String.valueOf(upstream.ends.peer())).endsWith(endpoint);
    assertThat(upstream.agents).isEmpty();
    assertThat(client.suspect.getAsBoolean() || upstream.suspect.getAsBoolean()).isFalse();
    assertThat(client.closed).isEmpty();

    channel.shutdownNow();
    await().untilAsserted(() -> assertThat(client.closed).containsOnly(CloseReason.CLOSED_BY_PEER));
    assertThat(upstream.closed).isEmpty();
    gateway.close();
    await().untilAsserted(() -> assertThat(upstream.closed).hasSize(1));
    assertThat(client.closed).hasSize(1);
  }

  @Test
  void anIdleConnectionEndsWithItsOwnReason() throws Exception {
    rig.limits(idle(Duration.ofSeconds(1)));
    RawPeer client = rig.client(rig.gateway("127.0.0.1:1"));
    client.next("GOAWAY");
    client.close();
    await().until(() -> !heard.only("").closed.isEmpty());
    assertThat(heard.only("").closed).containsOnly(CloseReason.MAX_IDLE);
  }

  @Test
  void connectionsOfPeersThatSendNoSettingsAreNotHeard() throws Exception {
    RawPeer.Upstream upstream = rig.closing(RawPeer.listen(new Http2Settings()));
    Gateway gateway = rig.gateway(upstream.address());
    try (Socket silent = new Socket()) {
      silent.connect(gateway.address());
      RawPeer client = rig.client(gateway);
      client.headers(3, RawPeer.call("/test.Echo/Talk"), false);
      upstream.accepted().next("HEADERS");
    }
    assertThat(heard.opened).hasSize(2);
  }

  @Test
  void connectionsOfHttp1AreHeardWithTheirUserAgentAndWhyTheyEnded() throws Exception {
    Gateway gateway = frontends(GatewayLimits.DEFAULT);
    Socket socket = socket(gateway);
    socket.getOutputStream().write(hello("user-agent: curl/7.88.1"));
    assertThat(head(socket)).startsWith("HTTP/1.1 200 ");
    HeardConnections.Heard client = heard.only("");
    assertThat(client.ends.protocol()).isEqualTo(ConnectionProtocol.HTTP1);
    assertThat(client.agents).containsExactly("curl/7.88.1");
    assertThat(((InetSocketAddress) Objects.requireNonNull(client.ends.peer())).getPort())
        .isEqualTo(socket.getLocalPort());
    assertThat(client.closed).isEmpty();
    socket.close();
    assertThat(client.end()).isEqualTo(CloseReason.CLOSED_BY_PEER);

    heard.opened.clear();
    Socket last = socket(gateway);
    last.getOutputStream().write(hello("connection: close"));
    assertThat(new String(last.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .contains("hello x");
    last.close();
    assertThat(heard.only("").end()).isEqualTo(CloseReason.CLOSED_HERE);
    assertThat(heard.only("").agents).isEmpty();

    heard.opened.clear();
    Socket reset = socket(gateway);
    reset.getOutputStream().write(hello("x: y"));
    assertThat(head(reset)).startsWith("HTTP/1.1 200 ");
    reset.setSoLinger(true, 0);
    reset.close();
    assertThat(heard.only("").end()).isEqualTo(CloseReason.RESET_BY_PATH);
    assertThat(heard.only("").evidence)
        .singleElement()
        .asString()
        .startsWith("socket: connection reset");

    heard.opened.clear();
    Socket drained = socket(gateway);
    drained.getOutputStream().write(hello("x: y"));
    assertThat(head(drained)).startsWith("HTTP/1.1 200 ");
    gateway.close();
    assertThat(heard.only("").end()).isEqualTo(CloseReason.DRAINING);
  }

  @Test
  void anIdleConnectionOfHttp1EndsWithItsOwnReason() throws Exception {
    Socket socket = socket(frontends(idle(Duration.ofSeconds(1))));
    socket.getOutputStream().write(hello("x: y"));
    assertThat(socket.getInputStream().readAllBytes()).isNotEmpty();
    assertThat(heard.only("").end()).isEqualTo(CloseReason.MAX_IDLE);
  }

  @Test
  void webSocketsAreHeardAsSuch() throws Exception {
    Gateway gateway = frontends(GatewayLimits.DEFAULT);
    RawSocket left = open(gateway);
    HeardConnections.Heard client = heard.only("");
    assertThat(client.ends.protocol()).isEqualTo(ConnectionProtocol.HTTP1);
    assertThat(client.webSockets).hasValue(1);
    assertThat(client.agents).containsExactly("page");
    left.close();
    assertThat(client.end()).isEqualTo(CloseReason.CLOSED_BY_PEER);

    heard.opened.clear();
    try (RawSocket answered = open(gateway)) {
      answered.text("{\"name\":\"a\"}");
      assertThat(answered.next()).contains("hello a");
      answered.text("");
      assertThat(answered.next()).contains("@status");
      assertThat(answered.next()).isEqualTo("close 1000 ");
      assertThat(heard.only("").end()).isEqualTo(CloseReason.CLOSED_HERE);
    }
  }

  private Gateway frontends(GatewayLimits limits) throws Exception {
    rig.limits(limits);
    return FrontendRig.open(rig, FrontendRig.KNOWN, rig.serve(new Greetings()));
  }

  private Socket socket(Gateway gateway) throws IOException {
    return rig.closing(new Socket(gateway.address().getAddress(), gateway.address().getPort()));
  }

  private RawSocket open(Gateway gateway) throws IOException {
    RawSocket socket =
        RawSocket.ask(
            socket(gateway),
            "/test.greet.Greeter/Chat",
            "sec-websocket-protocol: grpc+json",
            "user-agent: page");
    assertThat(socket.head()).startsWith("HTTP/1.1 101 ");
    return socket;
  }

  private static byte[] hello(String header) {
    return FrontendRig.lines("GET /v1/hello/x HTTP/1.1", "host: x", header)
        .getBytes(StandardCharsets.US_ASCII);
  }

  /** The head of a response; its body stays unread. */
  private static String head(Socket socket) throws IOException {
    StringBuilder text = new StringBuilder();
    while (text.indexOf("\r\n\r\n") < 0) {
      text.append((char) socket.getInputStream().read());
    }
    return text.toString();
  }

  private static GatewayLimits idle(Duration idle) {
    GatewayLimits limits = GatewayLimits.DEFAULT;
    return new GatewayLimits(
        limits.connections(),
        limits.streams(),
        limits.headerListBytes(),
        limits.streamWindowBytes(),
        limits.connectionBytes(),
        limits.handshake(),
        idle);
  }
}
