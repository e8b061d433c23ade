package dev.holdfast.gateway.listener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.BackgroundCaller;
import dev.holdfast.gateway.Echo;
import dev.holdfast.gateway.Gateway;
import dev.holdfast.gateway.GatewayRig;
import dev.holdfast.gateway.RawPeer;
import dev.holdfast.gateway.limits.GatewayLimits;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Clients that open as many connections as they can. */
class ConnectionAdmissionTest {
  private static final int LIMIT = 20;

  private final GatewayRig rig = new GatewayRig();
  private final List<Socket> sockets = new ArrayList<>();

  @AfterEach
  void close() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
    rig.close();
  }

  @Test
  void oneAddressLeavesRoomForOthersAndExistingClientsGoOn() throws Exception {
    GatewayLimits limits =
        new GatewayLimits(
            LIMIT,
            GatewayLimits.STREAMS,
            GatewayLimits.HEADER_LIST_BYTES,
            GatewayLimits.STREAM_WINDOW_BYTES,
            GatewayLimits.CONNECTION_BYTES,
            GatewayLimits.HANDSHAKE,
            GatewayLimits.IDLE);
    Gateway gateway = rig.limits(limits).gateway(rig.snapshot(rig.serve(new Echo())));
    BackgroundCaller backgroundCaller = rig.closing(bystander(gateway.address()));
    for (int i = 0; i < 3 * LIMIT; i++) {
      connect(gateway.address(), "127.0.0.1");
    }
    // The bystander's is the first of eighteen.
    await().until(() -> rig.met("connections") == 3 * LIMIT - 17);
    backgroundCaller.assertUnharmed();

    connect(gateway.address(), "127.0.0.2");
    connect(gateway.address(), "127.0.0.3");
    assertThat(rig.met("connections")).isEqualTo(3 * LIMIT - 17);
    connect(gateway.address(), "127.0.0.4");
    await().until(() -> rig.met("connections") == 3 * LIMIT - 16);

    for (Socket socket : sockets) {
      socket.close();
    }
    RawPeer again = rig.client(gateway);
    await()
        .untilAsserted(
            () -> {
              again.ping(1);
              assertThat(again.next("PONG").type()).isEqualTo("PONG");
            });
    backgroundCaller.assertUnharmed();
  }

  @Test
  void whatIsClosedIsCountedNoMore() {
    ConnectionAdmission connections = new ConnectionAdmission();
    for (int i = 0; i < 1_000; i++) {
      assertThat(connections.admit("greedy", 10)).isTrue();
      connections.release("greedy");
    }
    for (int i = 0; i < 9; i++) {
      assertThat(connections.admit("greedy", 10)).isTrue();
    }
    assertThat(connections.admit("greedy", 10)).isFalse();
    assertThat(connections.admit("other", 10)).isTrue();
    assertThat(connections.admit("third", 10)).isFalse();
    connections.release("greedy");
    assertThat(connections.admit("third", 10)).isTrue();
  }

  @Test
  void addressesOfOneIpv6NetworkAreOneClient() throws Exception {
    assertThat(network("2001:db8::1")).isEqualTo(network("2001:db8::ffff:2"));
    assertThat(network("2001:db8::1")).isNotEqualTo(network("2001:db8:0:1::1"));
    assertThat(network("127.0.0.1")).isNotEqualTo(network("127.0.0.2"));
  }

  private static Object network(String address) throws IOException {
    return ConnectionAdmission.network(InetAddress.getByName(address));
  }

  private void connect(InetSocketAddress gateway, String from) throws IOException {
    Socket socket = new Socket();
    sockets.add(socket);
    socket.bind(new InetSocketAddress(from, 0));
    socket.connect(gateway);
  }

  private BackgroundCaller bystander(InetSocketAddress gateway) {
    var channel = NettyChannelBuilder.forAddress(gateway).usePlaintext().build();
    rig.closing((AutoCloseable) channel::shutdownNow);
    return BackgroundCaller.on(channel);
  }
}
