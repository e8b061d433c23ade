package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.frontend.HttpFrontend;
import dev.holdfast.gateway.loop.LoopView;
import io.netty.handler.codec.http2.Http2Settings;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Masses of connections that come, ask and go without their answer: the counterpart of {@link
 * ResetAttackTest} for clients that have no resets of streams, or whose every reset is that of a
 * connection. The upstream takes 200 resets in 30 s for an attack, as servers on Netty do.
 */
@ParameterizedClass
@ArgumentsSource(TestedTransports.class)
class ConnectionChurnTest {
  private static final int WAVES = 8;

  /** Handshakes are dear, and what comes after them is the same. */
  private static final int WAVES_OVER_TLS = 1;

  private static final int EACH = 30;

  /** Of one connection: {@link Asked#HTTP_2} makes two. */
  private static final int MOST_CALLS = 2;

  private static final String GRPC_WEB =
      "POST /test.Echo/Talk HTTP/1.1\r\nhost: x\r\ncontent-type: application/grpc-web+proto\r\n";

  private final Transport transport;

  ConnectionChurnTest(Transport transport) {
    this.transport = transport;
  }

  /** Bytes that are sent before the client goes. */
  enum Asked {
    NOTHING(""),
    HALF_A_HEAD(GRPC_WEB.substring(0, 60)),
    HALF_A_BODY(GRPC_WEB + "content-length: 100\r\n\r\n\0\0\0\0\1"),
    REQUEST(GRPC_WEB + "content-length: 6\r\n\r\n\0\0\0\0\1\1"),
    REQUESTS((GRPC_WEB + "content-length: 6\r\n\r\n\0\0\0\0\1\1").repeat(20)),
    SOCKET(
        FrontendRig.lines(
            "GET /test.greet.Greeter/Chat HTTP/1.1",
            "host: x",
            "connection: Upgrade",
            "upgrade: websocket",
            "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
            "sec-websocket-version: 13",
            "sec-websocket-protocol: grpc+json")),
    HTTP_2(
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
            + text(RawServer.SETTINGS)
            + text(RawServer.frame(1, 4, 1, 0x83, 0x86, 0x44, 2, '/', 'x', 0x41, 1, 'x'))
            + text(RawServer.frame(1, 4, 3, 0x83, 0x86, 0x44, 2, '/', 'x', 0x41, 1, 'x')));

    final String bytes;

    Asked(String bytes) {
      this.bytes = bytes;
    }

    private static String text(byte[] bytes) {
      return new String(bytes, StandardCharsets.ISO_8859_1);
    }
  }

  /** How the client goes. */
  enum End {
    CLOSE,
    HALF_CLOSE,
    RESET;

    void end(Socket socket) throws IOException {
      switch (this) {
        case CLOSE -> {
          socket.setSoLinger(false, 0);
          socket.close();
        }
        case HALF_CLOSE -> socket.shutdownOutput();
        case RESET -> {
          socket.setSoLinger(true, 0);
          socket.close();
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "NOTHING, CLOSE",
    "NOTHING, RESET",
    "HALF_A_HEAD, CLOSE",
    "HALF_A_HEAD, HALF_CLOSE",
    "HALF_A_HEAD, RESET",
    "HALF_A_BODY, CLOSE",
    "HALF_A_BODY, HALF_CLOSE",
    "HALF_A_BODY, RESET",
    "REQUEST, CLOSE",
    "REQUEST, HALF_CLOSE",
    "REQUEST, RESET",
    "REQUESTS, CLOSE",
    "REQUESTS, RESET",
    "SOCKET, CLOSE",
    "SOCKET, HALF_CLOSE",
    "SOCKET, RESET",
    "HTTP_2, CLOSE",
    "HTTP_2, HALF_CLOSE",
    "HTTP_2, RESET"
  })
  void whoComesAndGoesCostsNobodyACallAndLeavesNothing(Asked asked, End end) throws Exception {
    try (GatewayRig rig =
        new GatewayRig().transport(transport).frontend(HttpFrontend.of(FrontendRig.KNOWN))) {
      Http2Settings many = new Http2Settings().maxConcurrentStreams(10_000);
      RawPeer.Upstream upstream = rig.closing(RawPeer.listen(many, 200, (peer, request) -> {}));
      Gateway gateway = rig.gateway(upstream.address());
      BackgroundCaller backgroundCaller = rig.closing(BackgroundCaller.on(rig.channel(gateway)));
      int waves = transport == Transport.TLS ? WAVES_OVER_TLS : WAVES;
      for (int i = 0; i < waves; i++) {
        List<Socket> wave = new ArrayList<>();
        for (int j = 0; j < EACH; j++) {
          Socket socket = transport.socket(transport.address(gateway));
          wave.add(socket);
          socket.getOutputStream().write(asked.bytes.getBytes(StandardCharsets.ISO_8859_1));
        }
        for (Socket each : wave) {
          end.end(each);
        }
        // Of this wave and the one before, if the upstream has not heard of its end yet; and as
        // many
        // whose cancels wait for those before them to be read (UnacceptedResets).
        assertThat(openStreams(upstream)).isLessThanOrEqualTo(2 * (2 * MOST_CALLS * EACH + 1));
        if (end == End.HALF_CLOSE) {
          awaitClients(gateway, 1);
        }
        for (Socket each : wave) {
          each.close();
        }
      }
      backgroundCaller.assertUnharmed();
      awaitClients(gateway, 1);
      backgroundCaller.stop();
      awaitNothingLeft(upstream, gateway);
      assertThat(rig.meters.get("holdfast.gateway.connection.faults").counter().count()).isZero();
    }
  }

  /** A stream ends at the upstream before the gateway's loop has returned the last bytes. */
  private static void awaitNothingLeft(RawPeer.Upstream upstream, Gateway gateway) {
    await()
        .atMost(Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS))
        .untilAsserted(
            () -> {
              assertThat(openStreams(upstream)).isZero();
              assertThat(GatewayRig.kept(gateway)).isZero();
            });
  }

  private static void awaitClients(Gateway gateway, int count) {
    await()
        .atMost(Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS))
        .untilAsserted(
            () ->
                assertThat(views(gateway).stream().mapToInt(LoopView::clients).sum())
                    .isEqualTo(count));
  }

  private static int openStreams(RawPeer.Upstream upstream) {
    return List.copyOf(upstream.peers()).stream().mapToInt(RawPeer::openStreams).sum();
  }

  private static List<LoopView> views(Gateway gateway) {
    return gateway.views(Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS)).join();
  }
}
