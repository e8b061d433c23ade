package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.limits.GatewayLimits;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.netty.handler.codec.http2.Http2Settings;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Receivers that don't read: their senders wait, and nobody else does. */
class ForwardedBackpressureTest {
  private static final byte[] MESSAGE = new byte[100_000];
  private static final int MESSAGES = 100;

  private final GatewayRig rig = new GatewayRig();

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void clientThatDoesNotReadHoldsItsServerBackAndNobodyElse() throws Exception {
    Echo echo = new Echo();
    ManagedChannel channel = rig.channel(rig.gateway(rig.serve(echo)));
    MESSAGE[0] = MESSAGES;
    AtomicInteger received = new AtomicInteger();
    CountDownLatch closed = new CountDownLatch(1);
    ClientCall<byte[], byte[]> slow = channel.newCall(Echo.PACED, CallOptions.DEFAULT);
    slow.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(byte[] message) {
            received.incrementAndGet();
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            closed.countDown();
          }
        },
        new Metadata());
    slow.sendMessage(MESSAGE);
    slow.halfClose();
    // The server could send only what windows of 256 KiB, 1 MiB and its own buffer have room for.
    for (int i = 0; i < 20; i++) {
      assertThat(
              ClientCalls.blockingUnaryCall(
                  channel, Echo.UNARY, CallOptions.DEFAULT, new byte[] {1}))
          .containsExactly(1);
    }
    assertThat(echo.paced).hasValueLessThan(MESSAGES / 2);
    assertThat(received).hasValue(0);
    slow.request(MESSAGES + 1);
    assertThat(closed.await(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(received).hasValue(MESSAGES);
  }

  @Test
  void serverThatDoesNotReadHoldsItsClientBack() throws Exception {
    RawPeer.Upstream deaf =
        rig.closing(
            RawPeer.listen(new Http2Settings().initialWindowSize(0).maxConcurrentStreams(10)));
    RawPeer client = rig.client(rig.gateway(deaf.address()));
    client.headers(3, RawPeer.call("/test.Echo/Count"), false);
    client.data(3, new byte[1 << 20], true);
    deaf.accepted().next("HEADERS");
    await().until(() -> client.windowOf(3) == 0);
    client.ping(1);
    client.next("PONG");
    assertThat(client.windowOf(3)).isZero();
  }

  @Test
  void tooMuchForOneConnectionEndsTheCallThatBroughtIt() throws Exception {
    RawPeer.Upstream deaf =
        rig.closing(
            RawPeer.listen(new Http2Settings().initialWindowSize(0).maxConcurrentStreams(10)));
    rig.limits(
        new GatewayLimits(
            128, 16_384, 65_535, 65_535, GatewayLimits.HANDSHAKE, GatewayLimits.IDLE));
    RawPeer client = rig.client(rig.gateway(deaf.address()));
    client.headers(3, RawPeer.call("/test.Echo/Count"), false);
    client.data(3, new byte[40_000], false);
    RawPeer server = deaf.accepted();
    server.next("HEADERS");
    client.headers(5, RawPeer.call("/test.Echo/Count"), false);
    client.data(5, new byte[40_000], false);
    RawPeer.Frame answer = client.next("HEADERS");
    assertThat(answer.stream()).isEqualTo(5);
    assertThat(answer.header("grpc-status")).isEqualTo("8");
    assertThat(rig.met("connection_bytes")).isEqualTo(1);
  }
}
