package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.limits.GatewayLimits;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.stub.ClientCalls;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import java.io.ByteArrayOutputStream;
import java.net.Socket;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Clients that want more than their share, and what others notice of it. */
class ClientLimitsTest {
  private static final String PATH = "/test.Echo/Talk";
  private static final byte[] EMPTY_DATA = {0, 0, 0, 0, 0, 0, 0, 0, 3};

  private final GatewayRig rig = new GatewayRig();
  private final RawPeer.Upstream upstream =
      rig.closing(RawPeer.listen(new Http2Settings().maxConcurrentStreams(10_000)));
  private @Nullable Gateway gateway;

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
  void rapidResetEndsTheConnectionAndNobodyElses() throws Exception {
    RawPeer client = client(GatewayLimits.DEFAULT);
    for (int id = 3; id < 1_003; id += 2) {
      client.headers(id, RawPeer.call(PATH), false);
      client.reset(id, Http2Error.CANCEL.code());
    }
    // Not by its GOAWAY: what is unread when a socket closes may take that with it.
    await().until(() -> !client.isOpen());
    await().untilAsserted(() -> assertThat(rig.met("rapid_reset")).isPositive());
    assertOthersAreServed();
  }

  @Test
  void floodOfEmptyDataEndsTheConnection() throws Exception {
    RawPeer client = client(GatewayLimits.DEFAULT);
    client.headers(3, RawPeer.call(PATH), false);
    client.raw(repeated(EMPTY_DATA, 100));
    await().until(() -> !client.isOpen());
    await().untilAsserted(() -> assertThat(rig.met("flood")).isPositive());
    assertOthersAreServed();
  }

  @Test
  void floodOfContinuationsEndsTheConnection() throws Exception {
    RawPeer client = client(GatewayLimits.DEFAULT);
    client.headers(3, RawPeer.call(PATH), false);
    byte[] begin = {0, 0, 0, 1, 0, 0, 0, 0, 5};
    byte[] more = {0, 0, 0, 9, 0, 0, 0, 0, 5};
    client.raw(begin);
    client.raw(repeated(more, 1_000));
    await().until(() -> !client.isOpen());
    await().untilAsserted(() -> assertThat(rig.met("flood")).isPositive());
    assertOthersAreServed();
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

  private RawPeer client(GatewayLimits limits) throws Exception {
    Gateway opened = rig.limits(limits).gateway(rig.snapshot(upstream.address()));
    gateway = opened;
    return rig.client(opened);
  }

  private void assertOthersAreServed() throws Exception {
    GatewaySnapshot good = rig.snapshot(rig.serve(new Echo()));
    Gateway attacked = Objects.requireNonNull(gateway);
    attacked.apply(good);
    Channel channel = rig.channel(attacked);
    byte[] answer =
        ClientCalls.blockingUnaryCall(channel, Echo.UNARY, CallOptions.DEFAULT, new byte[] {1});
    assertThat(answer).containsExactly(1);
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

  private static byte[] repeated(byte[] frame, int times) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = 0; i < times; i++) {
      all.writeBytes(frame);
    }
    return all.toByteArray();
  }
}
