package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.limits.GatewayLimits;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import java.net.Socket;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Clients that want more than their share. */
class ClientLimitsTest {
  private static final String PATH = "/test.Echo/Talk";

  private final GatewayRig rig = new GatewayRig();
  private final RawPeer.Upstream upstream =
      rig.closing(RawPeer.listen(new Http2Settings().maxConcurrentStreams(10_000)));

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void tooLargeHeadersAreAnsweredAndNotReset() throws Exception {
    RawPeer client = client(GatewayLimits.DEFAULT);
    Http2Headers headers = RawPeer.call(PATH).add("x-large", "x".repeat(17_000));
    client.headers(3, headers, true);
    RawPeer.Frame answer = client.next("HEADERS", "RST_STREAM", "GOAWAY");
    assertThat(answer.type()).isEqualTo("HEADERS");
    assertThat(answer.header("grpc-status")).isEqualTo("8");
    assertThat(answer.header("grpc-message")).contains("16384");
    assertThat(rig.met("header_list")).isEqualTo(1);
  }

  @Test
  void messageBehindTooLargeHeadersIsNoFault() throws Exception {
    for (String type : new String[] {"application/grpc", "application/json"}) {
      RawPeer client = client(GatewayLimits.DEFAULT);
      Http2Headers headers =
          RawPeer.call(PATH).set("content-type", type).add("x-large", "x".repeat(17_000));
      client.headers(3, headers, false);
      assertThat(client.next("HEADERS", "RST_STREAM", "GOAWAY").type()).isEqualTo("HEADERS");
      assertThat(client.next("RST_STREAM", "GOAWAY").type()).isEqualTo("RST_STREAM");
      client.rawNow(new byte[] {0, 0, 5, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0});
      client.ping(7);
      assertThat(client.next("PONG", "GOAWAY").type()).as(type).isEqualTo("PONG");
    }
  }

  @Test
  void streamsBeyondTheLimitAreRefused() throws Exception {
    RawPeer client = client(limits(4, Duration.ofSeconds(10), Duration.ofHours(1)));
    for (int id = 3; id < 15; id += 2) {
      // POST http /, as the client's own codec would keep to the limit.
      client.raw(
          new byte[] {0, 0, 3, 1, 4, 0, 0, 0, (byte) id, (byte) 0x83, (byte) 0x86, (byte) 0x84});
    }
    await().untilAsserted(() -> assertThat(rig.met("streams")).isEqualTo(2));
  }

  @Test
  void silentClientIsClosed() throws Exception {
    Gateway mute =
        rig.limits(limits(128, Duration.ofMillis(200), Duration.ofHours(1)))
            .gateway(rig.snapshot(upstream.address()));
    try (Socket socket = new Socket()) {
      socket.connect(mute.address());
      socket.setSoTimeout(20_000);
      while (socket.getInputStream().read() >= 0) {
        // Its SETTINGS.
      }
    }
    assertThat(rig.met("handshake")).isEqualTo(1);
  }

  @Test
  void clientWithoutCallsIsAskedToLeave() throws Exception {
    RawPeer client = client(limits(128, Duration.ofSeconds(10), Duration.ofSeconds(1)));
    RawPeer.Frame first = client.next("GOAWAY");
    assertThat(first.stream()).isEqualTo(Integer.MAX_VALUE);
    assertThat(first.code()).isEqualTo(Http2Error.NO_ERROR.code());
    assertThat(client.next("GOAWAY").stream()).isZero();
    await().until(() -> !client.isOpen());
    assertThat(rig.met("idle")).isEqualTo(1);
  }

  @Test
  void upstreamWithoutCallsIsClosedAndFoundAgain() throws Exception {
    Gateway gateway =
        rig.limits(limits(128, Duration.ofSeconds(10), Duration.ofSeconds(1)))
            .gateway(rig.snapshot(upstream.address()));
    RawPeer client = rig.client(gateway);
    for (int id = 3; id < 7; id += 2) {
      client.headers(id, RawPeer.call(PATH), true);
      RawPeer server = upstream.accepted();
      server.headers(server.next("HEADERS").stream(), RawPeer.trailers(0).status("200"), true);
      assertThat(client.next("HEADERS").header("grpc-status")).isEqualTo("0");
      if (id == 3) {
        client.close();
        await().until(() -> !server.isOpen());
        assertThat(rig.met("idle")).isPositive();
        client = rig.client(gateway);
      }
    }
  }

  private RawPeer client(GatewayLimits limits) throws Exception {
    return rig.client(rig.limits(limits).gateway(rig.snapshot(upstream.address())));
  }

  private static GatewayLimits limits(int streams, Duration handshake, Duration idle) {
    return new GatewayLimits(
        streams,
        GatewayLimits.HEADER_LIST_BYTES,
        GatewayLimits.STREAM_WINDOW_BYTES,
        GatewayLimits.CONNECTION_BYTES,
        handshake,
        idle);
  }
}
