package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.liveness.LivenessOptions;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Settings;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A gateway that closes, as its clients see it. */
class DrainTest {
  private static final String PATH = "/test.Echo/Talk";
  private static final Duration LONG = Duration.ofMinutes(5);

  private final GatewayRig rig = new GatewayRig();
  private final RawPeer.Upstream upstream =
      rig.closing(RawPeer.listen(new Http2Settings().maxConcurrentStreams(100)));

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void letsOpenCallsEndAndThenCloses() throws Exception {
    Gateway gateway = gateway(new DrainTimes(LONG, LONG, LONG));
    RawPeer client = rig.client(gateway);
    client.headers(3, RawPeer.call(PATH), true);
    RawPeer server = upstream.accepted();
    int id = server.next("HEADERS").stream();
    CompletableFuture<Void> drained = gateway.drain();
    RawPeer.Frame first = client.next("GOAWAY");
    assertThat(first.stream()).isEqualTo(Integer.MAX_VALUE);
    assertThat(first.code()).isEqualTo(Http2Error.NO_ERROR.code());
    RawPeer.Frame second = client.next("GOAWAY");
    assertThat(second.stream()).isEqualTo(3);
    assertThat(drained).isNotDone();
    server.headers(id, RawPeer.head().add("grpc-status", "0"), true);
    assertThat(client.next("HEADERS").header("grpc-status")).isEqualTo("0");
    drained.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  @Test
  void takesCallsThatWereOnTheirWay() throws Exception {
    Gateway gateway = gateway(new DrainTimes(LONG, LONG, LONG));
    RawPeer client = rig.client(gateway);
    client.headers(3, RawPeer.call(PATH), true);
    RawPeer server = upstream.accepted();
    server.headers(server.next("HEADERS").stream(), RawPeer.head().add("grpc-status", "0"), true);
    client.next("HEADERS");
    // Sent before the client can know; the PING is answered after it.
    client.headers(5, RawPeer.call(PATH), true);
    int id = server.next("HEADERS").stream();
    CompletableFuture<Void> drained = gateway.drain();
    client.next("GOAWAY");
    assertThat(client.next("GOAWAY").stream()).isEqualTo(5);
    server.headers(id, RawPeer.head().add("grpc-status", "0"), true);
    assertThat(client.next("HEADERS").header("grpc-status")).isEqualTo("0");
    drained.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  @Test
  void endsUnaryCallsBeforeStreams() throws Exception {
    Gateway gateway = gateway(new DrainTimes(LONG, Duration.ZERO, Duration.ofSeconds(2)));
    RawPeer client = rig.client(gateway);
    client.headers(3, RawPeer.call(PATH), true);
    client.headers(5, RawPeer.call(PATH), false);
    RawPeer server = upstream.accepted();
    server.next("HEADERS");
    server.next("HEADERS");
    CompletableFuture<Void> drained = gateway.drain();
    RawPeer.Frame unary = client.next("HEADERS");
    assertThat(unary.stream()).isEqualTo(3);
    assertThat(unary.header("grpc-status")).isEqualTo("14");
    assertThat(unary.header("grpc-message")).contains("the gateway closes");
    RawPeer.Frame stream = client.next("HEADERS");
    assertThat(stream.stream()).isEqualTo(5);
    assertThat(stream.header("grpc-status")).isEqualTo("14");
    drained.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private Gateway gateway(DrainTimes times) throws Exception {
    GatewayOptions options =
        GatewayOptions.listeningAt(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .withThreads(1)
            .withLiveness(LivenessOptions.DEFAULT)
            .withDrain(times)
            .withMeters(rig.meters);
    return Gateway.open(options, rig.snapshot(upstream.address()));
  }
}
