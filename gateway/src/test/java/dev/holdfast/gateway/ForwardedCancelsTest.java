package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Settings;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Clients that give calls up, in front of a server that takes many resets for an attack. */
class ForwardedCancelsTest {
  private static final String PATH = "/test.Echo/Talk";

  private final GatewayRig rig = new GatewayRig();

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void cancelsOfSomeCutNoCallOfOthers() throws Exception {
    RawPeer.Upstream upstream =
        rig.closing(
            RawPeer.listen(
                new Http2Settings().maxConcurrentStreams(100), 200, (peer, request) -> {}));
    Gateway gateway = rig.gateway(upstream.address());
    RawPeer patient = rig.client(gateway);
    patient.headers(3, RawPeer.call(PATH), false);
    RawPeer first = upstream.accepted();
    int stays = first.next("HEADERS").stream();
    RawPeer client = rig.client(gateway);
    int id = 3;
    for (int wave = 0; wave < 10; wave++) {
      int from = id;
      for (int i = 0; i < 40; i++, id += 2) {
        client.headers(id, RawPeer.call(PATH), false);
      }
      client.ping(wave);
      client.next("PONG");
      for (int each = from; each < id; each += 2) {
        client.reset(each, Http2Error.CANCEL.code());
      }
      client.ping(wave);
      client.next("PONG");
    }
    first.headers(stays, RawPeer.trailers(0).status("200"), true);
    assertThat(patient.next("HEADERS").header("grpc-status")).isEqualTo("0");
    assertThat(rig.met("upstream_cancels")).isPositive();
    RawPeer next = upstream.accepted();
    assertThat(next.next("RST_STREAM").code()).isEqualTo(Http2Error.CANCEL.code());
  }
}
