package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.CloseReason;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.traffic.ConnectionListener;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCalls;
import io.netty.handler.codec.http2.Http2Settings;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The events of a gateway's connections, on both of its sides, as a listener hears them. */
class ConnectionListenerTest {
  private final Heard heard = new Heard();
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

    Connection client = heard.only("");
    assertThat(client.ends.local()).isEqualTo(gateway.address());
    assertThat(((InetSocketAddress) Objects.requireNonNull(client.ends.peer())).getPort())
        .isNotEqualTo(gateway.address().getPort());
    assertThat(client.agents).singleElement().asString().startsWith("grpc-java-netty/");
    Connection upstream = heard.only("echo");
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

  /** A connection as it was heard of. */
  private static final class Connection implements ConnectionListener.OpenConnection {
    private final ConnectionListener.ConnectionEnds ends;
    private final BooleanSupplier suspect;
    private final List<String> agents = new CopyOnWriteArrayList<>();
    private final List<CloseReason> closed = new CopyOnWriteArrayList<>();

    Connection(ConnectionListener.ConnectionEnds ends, BooleanSupplier suspect) {
      this.ends = ends;
      this.suspect = suspect;
    }

    @Override
    public void onAgent(String userAgent) {
      agents.add(userAgent);
    }

    @Override
    public void onClosed(CloseReason why) {
      closed.add(why);
    }
  }

  private static final class Heard implements ConnectionListener {
    private final List<Connection> opened = new CopyOnWriteArrayList<>();

    @Override
    public OpenConnection onOpened(ConnectionEnds ends, BooleanSupplier suspect) {
      Connection connection = new Connection(ends, suspect);
      opened.add(connection);
      return connection;
    }

    Connection only(String cluster) {
      List<Connection> found =
          opened.stream().filter(each -> each.ends.cluster().equals(cluster)).toList();
      assertThat(found).hasSize(1);
      return found.get(0);
    }
  }
}
