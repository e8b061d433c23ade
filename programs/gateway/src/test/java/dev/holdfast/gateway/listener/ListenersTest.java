package dev.holdfast.gateway.listener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.local.FreePort;
import dev.holdfast.gateway.Echo;
import dev.holdfast.gateway.Gateway;
import dev.holdfast.gateway.GatewayRig;
import dev.holdfast.gateway.TlsRig;
import dev.holdfast.gateway.tls.TlsContexts;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Listeners that come and go while calls are made. */
class ListenersTest {
  @TempDir Path folder;
  private final GatewayRig rig = new GatewayRig();

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void listenersComeAndGoAndChangeTheirTlsWithoutAConnectionLost() throws Exception {
    TlsRig tls = new TlsRig(folder);
    Gateway gateway = rig.gateway(rig.serve(new Echo()));
    // From here on the address is what a file would say.
    gateway.listen(List.of(ListenerOptions.plaintext(free())));
    InetSocketAddress first = gateway.address();
    Channel open = rig.channel(gateway);
    call(open);

    TlsContexts ring = rig.closing(TlsContexts.open(rig.meters));
    ListenerOptions secured =
        ListenerOptions.tls(first, ring.server(tls.plain(TlsRig.identity(tls.issue()))));
    gateway.listen(List.of(secured, ListenerOptions.plaintext(free())));
    InetSocketAddress second = gateway.addresses().get(1);
    call(open);
    call(tls.client(rig, first, null));
    call(rig.channel(second));

    gateway.listen(List.of(ListenerOptions.plaintext(second)));
    assertThat(gateway.addresses()).containsExactly(second);
    call(open);
    assertThatThrownBy(() -> new Socket(first.getAddress(), first.getPort()).close())
        .isInstanceOf(ConnectException.class);
  }

  @Test
  void anAddressThatIsTakenLeavesAllAsItWas() throws Exception {
    Gateway gateway = rig.gateway(rig.serve(new Echo()));
    gateway.listen(List.of(ListenerOptions.plaintext(free())));
    InetSocketAddress known = gateway.address();
    InetSocketAddress everywhere = new InetSocketAddress("0.0.0.0", known.getPort());
    try (ServerSocket taken = new ServerSocket(0, 1, known.getAddress())) {
      InetSocketAddress other = new InetSocketAddress(known.getAddress(), taken.getLocalPort());
      assertThatThrownBy(
              () ->
                  gateway.listen(
                      List.of(
                          ListenerOptions.plaintext(everywhere), ListenerOptions.plaintext(other))))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(Integer.toString(other.getPort()));
    }
    assertThat(gateway.addresses()).containsExactly(known);
    call(rig.channel(gateway));

    gateway.listen(List.of(ListenerOptions.plaintext(everywhere)));
    call(rig.channel(known));
  }

  private static InetSocketAddress free() throws IOException {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), FreePort.find());
  }

  private static void call(Channel channel) {
    byte[] answer =
        ClientCalls.blockingUnaryCall(channel, Echo.UNARY, CallOptions.DEFAULT, new byte[] {7});
    assertThat(answer).containsExactly(7);
  }
}
