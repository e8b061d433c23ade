package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.HostPort;
import dev.holdfast.gateway.loop.LoopView;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Settings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Calls whose cluster is replaced under its name before an endpoint has processed them. */
class ReplacedClusterTest {
  private static final String PATH = "/test.Echo/Unary";
  private static final Duration PATIENCE = Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS);

  private final GatewayRig rig = new GatewayRig();

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void aCallThatWaitsForAConnectionGoesToTheClusterThatHasItsPlace() throws Exception {
    Gateway gateway = rig.gateway(mute());
    RawPeer client = rig.client(gateway);
    call(client);
    awaitWaiting(gateway);

    RawPeer.Upstream present = upstream();
    gateway.apply(rig.snapshot(present.address()));

    answer(present.accepted());
    assertThat(client.next("HEADERS").header("grpc-status")).isEqualTo("0");
  }

  @Test
  void aCallThatWaitsIsServedThoughItsClusterIsGone() throws Exception {
    RawPeer.Upstream former = upstream();
    try (ServerSocket late = listener()) {
      RawPeer client = waitingForARemovedCluster("127.0.0.1:" + late.getLocalPort());
      // The kernel has accepted the connection long ago; its peer begins to speak only now.
      Socket waited = late.accept();
      relay(waited, former.address());

      answer(former.accepted());
      assertThat(client.next("HEADERS").header("grpc-status")).isEqualTo("0");
      // Nobody waits any longer, and the connection ends with its last call.
      await().atMost(PATIENCE).until(waited::isClosed);
    }
  }

  @Test
  void aCallThatWaitsIsToldWhenItsClusterIsGoneAndHasNoConnection() throws Exception {
    try (ServerSocket late = listener()) {
      RawPeer client = waitingForARemovedCluster("127.0.0.1:" + late.getLocalPort());
      late.accept().close();

      RawPeer.Frame answer = client.next("HEADERS");
      assertThat(answer.header("grpc-status")).isEqualTo("14");
      assertThat(answer.header("grpc-message")).contains("no connection");
    }
  }

  @Test
  void aCallThatWasRefusedIsTriedAgainAtTheClusterThatHasItsPlace() throws Exception {
    RawPeer.Upstream former = upstream();
    Gateway gateway = rig.gateway(former.address());
    RawPeer client = rig.client(gateway);
    call(client);
    RawPeer server = former.accepted();
    int refused = server.next("HEADERS").stream();

    RawPeer.Upstream present = upstream();
    apply(gateway, rig.snapshot(present.address()));
    server.reset(refused, Http2Error.REFUSED_STREAM.code());

    answer(present.accepted());
    assertThat(client.next("HEADERS").header("grpc-status")).isEqualTo("0");
  }

  @Test
  void aClusterThatIsGoneIsNotOpenedAgainByARetry() throws Exception {
    RawPeer.Upstream former = upstream();
    Gateway gateway = rig.gateway(former.address());
    RawPeer client = rig.client(gateway);
    call(client);
    RawPeer server = former.accepted();
    int refused = server.next("HEADERS").stream();

    apply(gateway, without(gateway));
    server.reset(refused, Http2Error.REFUSED_STREAM.code());

    RawPeer.Frame answer = client.next("HEADERS", "RST_STREAM");
    assertThat(answer.header("grpc-message")).contains("cluster echo was removed");
    assertThat(views(gateway)).allMatch(view -> view.endpoints().isEmpty());
  }

  private static GatewaySnapshot without(Gateway gateway) {
    GatewaySnapshot all = gateway.snapshot();
    return new GatewaySnapshot(all.router(), Map.of(), all.limits());
  }

  /** Returns when it counts on every loop. */
  private static void apply(Gateway gateway, GatewaySnapshot next) {
    gateway.apply(next);
    views(gateway);
  }

  private static List<LoopView> views(Gateway gateway) {
    return gateway.views(PATIENCE).join();
  }

  private static void awaitWaiting(Gateway gateway) {
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                views(gateway).stream()
                    .flatMap(view -> view.endpoints().values().stream())
                    .flatMap(List::stream)
                    .anyMatch(endpoint -> endpoint.waiting() > 0));
  }

  /** An endpoint that takes connections and says nothing. */
  private String mute() throws Exception {
    ByteBuffer nothing = ByteBuffer.allocate(0);
    return rig.closing(new RawServer(new RawServer.ScriptedServer(nothing, nothing, false)))
        .address();
  }

  /** A client whose call waits for a connection to this endpoint, whose cluster is gone. */
  private RawPeer waitingForARemovedCluster(String endpoint) throws Exception {
    Gateway gateway = rig.gateway(endpoint);
    RawPeer client = rig.client(gateway);
    call(client);
    awaitWaiting(gateway);
    apply(gateway, without(gateway));
    return client;
  }

  private static ServerSocket listener() throws IOException {
    return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  /** Joins a connection to a new one to this address, until either side ends. */
  private static void relay(Socket from, String address) throws IOException {
    HostPort to = HostPort.parse(address);
    Socket further = new Socket(to.host(), to.port());
    copy(from, further);
    copy(further, from);
  }

  private static void copy(Socket from, Socket to) {
    Thread copying =
        new Thread(
            () -> {
              try (from;
                  to) {
                from.getInputStream().transferTo(to.getOutputStream());
              } catch (IOException e) {
                // The other direction has closed both.
              }
            },
            "relay");
    copying.setDaemon(true);
    copying.start();
  }

  private RawPeer.Upstream upstream() {
    return rig.closing(RawPeer.listen(new Http2Settings().maxConcurrentStreams(100)));
  }

  private static void answer(RawPeer server) throws Exception {
    int stream = server.next("HEADERS").stream();
    server.headers(stream, RawPeer.head().add("grpc-status", "0"), true);
  }

  private static void call(RawPeer client) {
    client.headers(3, RawPeer.call(PATH), true);
  }
}
