package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.limits.GatewayLimits;
import io.netty.handler.codec.http2.Http2Settings;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Clients that begin and don't go on. */
class SlowAttackTest {
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final RawPeer.Upstream upstream =
      RawPeer.listen(new Http2Settings().maxConcurrentStreams(20_000));
  private AttackedGateway attackedGateway;

  @BeforeEach
  void open() throws Exception {
    attackedGateway =
        new AttackedGateway(
            upstream.address(),
            new GatewayLimits(
                GatewayLimits.STREAMS,
                GatewayLimits.HEADER_LIST_BYTES,
                GatewayLimits.STREAM_WINDOW_BYTES,
                GatewayLimits.CONNECTION_BYTES,
                PATIENCE,
                GatewayLimits.IDLE));
  }

  @AfterEach
  void close() {
    attackedGateway.close();
    upstream.close();
  }

  @Test
  void headersThatNeverEndEndTheConnection() throws Exception {
    RawPeer client = begun();
    client.raw(new byte[] {0, 0, 1, 1, 0, 0, 0, 0, 5, (byte) 0x83});
    assertSlow(client);
  }

  @Test
  void bodyThatStopsInsideAFrameEndsTheConnection() throws Exception {
    RawPeer client = begun();
    client.raw(new byte[] {0, 0x3f, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3});
    assertSlow(client);
  }

  @Test
  void bodyThatStopsBetweenFramesIsAStreamLikeAnyOther() throws Exception {
    RawPeer client = begun();
    client.data(3, new byte[] {0, 0, 0}, false);
    long began = System.nanoTime();
    await().until(() -> System.nanoTime() - began > 2 * PATIENCE.toNanos());
    client.ping(8);
    assertThat(client.next("PONG", "GOAWAY").type()).isEqualTo("PONG");
    assertThat(attackedGateway.rig.met("slow_frame")).isZero();
  }

  /** A client with a call, whose settings are agreed on. */
  private RawPeer begun() throws Exception {
    RawPeer client = attackedGateway.client();
    client.headers(3, RawPeer.call(AttackedGateway.PATH), false);
    upstream.accepted().next("HEADERS");
    client.ping(1);
    client.next("PONG");
    return client;
  }

  private void assertSlow(RawPeer client) {
    await().until(() -> !client.isOpen());
    await().untilAsserted(() -> assertThat(attackedGateway.rig.met("slow_frame")).isEqualTo(1));
    attackedGateway.backgroundCaller.assertUnharmed();
  }
}
