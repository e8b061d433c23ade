package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.testkit.RefusingPort;
import dev.holdfast.gateway.route.RetryPolicy;
import dev.holdfast.gateway.route.RouteOptions;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Settings;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The calls that are tried at another connection, and those that are not, frame by frame. */
class UpstreamRetryTest {
  private static final byte[] MESSAGE = {0, 0, 0, 0, 1, 9};
  private static final String PATH = "/test.Echo/Unary";

  private final GatewayRig rig = new GatewayRig();

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void refusedStreamIsTriedAgainWithItsBody() throws Exception {
    RawPeer.Upstream upstream = upstream();
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    client.headers(3, RawPeer.call(PATH), false);
    client.data(3, MESSAGE, true);
    RawPeer server = upstream.accepted();
    int first = server.next("HEADERS").stream();
    server.next("DATA");
    server.reset(first, Http2Error.REFUSED_STREAM.code());
    int second = server.next("HEADERS").stream();
    RawPeer.Frame body = server.next("DATA");
    assertThat(second).isNotEqualTo(first);
    assertThat(body.data()).isEqualTo(ByteBuffer.wrap(MESSAGE));
    assertThat(body.end()).isTrue();
    server.headers(second, RawPeer.head().add("grpc-status", "0"), true);
    assertThat(client.next("HEADERS", "RST_STREAM").header("grpc-status")).isEqualTo("0");
  }

  @Test
  void whatIsRefusedToTheEndIsRefusedToTheClient() throws Exception {
    RawPeer.Upstream upstream = upstream();
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    call(client, 3);
    RawPeer server = upstream.accepted();
    for (int i = 0; i < RetryPolicy.MAX_ATTEMPTS; i++) {
      server.reset(server.next("HEADERS").stream(), Http2Error.REFUSED_STREAM.code());
    }
    RawPeer.Frame answer = client.next("HEADERS", "RST_STREAM");
    assertThat(answer.type()).isEqualTo("RST_STREAM");
    assertThat(answer.code()).isEqualTo(Http2Error.REFUSED_STREAM.code());
  }

  @Test
  void whatMayHaveBeenProcessedBeforeIsNotRefusedToTheClient() throws Exception {
    RetryPolicy twice = new RetryPolicy(2, true, Set.of());
    rig.terms(new RouteOptions(Duration.ZERO, Duration.ZERO, twice, Optional.empty()));
    RawPeer.Upstream upstream = upstream();
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    call(client, 3);
    RawPeer server = upstream.accepted();
    server.reset(server.next("HEADERS").stream(), Http2Error.INTERNAL_ERROR.code());
    server.reset(server.next("HEADERS").stream(), Http2Error.REFUSED_STREAM.code());
    RawPeer.Frame answer = client.next("HEADERS", "RST_STREAM");
    assertThat(answer.header("grpc-status")).isEqualTo("14");
    assertThat(answer.header("grpc-message")).contains("REFUSED_STREAM", "attempt 2");
  }

  @Test
  void callsAboveGoAwayMoveAndOthersStay() throws Exception {
    RawPeer.Upstream upstream = upstream();
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    call(client, 3);
    RawPeer old = upstream.accepted();
    int stays = old.next("HEADERS").stream();
    call(client, 5);
    old.next("HEADERS");
    old.goAway(stays, Http2Error.NO_ERROR.code());
    RawPeer fresh = upstream.accepted();
    int moved = fresh.next("HEADERS").stream();
    fresh.headers(moved, RawPeer.head().add("grpc-status", "0"), true);
    RawPeer.Frame ofMoved = client.next("HEADERS");
    assertThat(ofMoved.stream()).isEqualTo(5);
    assertThat(ofMoved.header("grpc-status")).isEqualTo("0");
    old.headers(stays, RawPeer.head().add("grpc-status", "0"), true);
    RawPeer.Frame ofOld = client.next("HEADERS");
    assertThat(ofOld.stream()).isEqualTo(3);
    assertThat(ofOld.header("grpc-status")).isEqualTo("0");
  }

  @Test
  void lostConnectionIsNoSafeRetry() throws Exception {
    RawPeer.Upstream upstream = upstream();
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    call(client, 3);
    RawPeer server = upstream.accepted();
    server.next("HEADERS");
    server.close();
    RawPeer.Frame answer = client.next("HEADERS", "RST_STREAM");
    assertThat(answer.header("grpc-status")).isEqualTo("14");
    assertThat(answer.header("grpc-message")).contains("connection lost", "attempt 1");
  }

  @Test
  void unreachableEndpointLosesToAReachableOne() throws Exception {
    String deaf = rig.closing(new RefusingPort()).toString();
    RawPeer.Upstream upstream = upstream();
    RawPeer client = rig.client(rig.gateway(deaf, upstream.address()));
    for (int id = 3; id < 23; id += 2) {
      call(client, id);
    }
    RawPeer server = upstream.accepted();
    for (int i = 0; i < 10; i++) {
      server.headers(server.next("HEADERS").stream(), RawPeer.head().add("grpc-status", "0"), true);
      assertThat(client.next("HEADERS", "RST_STREAM").header("grpc-status")).isEqualTo("0");
    }
  }

  private RawPeer.Upstream upstream() {
    return rig.closing(RawPeer.listen(new Http2Settings().maxConcurrentStreams(100)));
  }

  private static void call(RawPeer client, int id) {
    client.headers(id, RawPeer.call(PATH), true);
  }
}
