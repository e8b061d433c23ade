package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.route.RouteOptions;
import io.netty.handler.codec.http2.Http2Settings;
import java.io.ByteArrayOutputStream;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The clients of one event loop take turns, whatever one of them sends at once. */
class FairSchedulingTest {
  private static final String STANDING = "standing";
  private static final int PIECES = 5_000;

  private final CountDownLatch stands = new CountDownLatch(1);
  private final CountDownLatch goesOn = new CountDownLatch(1);

  @Test
  void callIsNotHandledBehindThousandsOfFramesThatCameBeforeIt() throws Exception {
    try (GatewayRig rig = new GatewayRig();
        RawPeer.Upstream upstream =
            RawPeer.listen(new Http2Settings().maxConcurrentStreams(1_000))) {
      Gateway gateway = rig.gateway(snapshot(rig, upstream));
      RawPeer flooding = rig.client(gateway);
      flooding.headers(3, RawPeer.call("/test/First"), false);
      flooding.headers(5, RawPeer.call("/test/Second"), false);
      RawPeer server = upstream.accepted();
      server.next("HEADERS");
      server.next("HEADERS");
      RawPeer calling = rig.client(gateway);
      calling.ping(1);
      calling.next("PONG");
      // Both come while the loop is busy, the flood first.
      RawPeer standing = rig.client(gateway);
      standing.headers(3, RawPeer.call("/test/Stand").authority(STANDING), true);
      assertThat(stands.await(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
      flooding.rawNow(pieces());
      calling.headersNow(3, RawPeer.call("/test/Call"), true);
      goesOn.countDown();
      int before = 0;
      RawPeer.Frame next = server.next("DATA", "HEADERS");
      while (!next.header(":path").equals("/test/Call")) {
        before += next.data().remaining();
        next = server.next("DATA", "HEADERS");
      }
      assertThat(before).isLessThan(PIECES / 2);
      // Nothing of the flood is lost.
      while (before < PIECES) {
        before += server.next("DATA").data().remaining();
      }
      flooding.ping(2);
      flooding.next("PONG");
    }
  }

  /** DATA of two streams in turn, so that no frame can be joined to the one before. */
  private static byte[] pieces() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < PIECES; i++) {
      bytes.writeBytes(new byte[] {0, 0, 1, 0, 0, 0, 0, 0, (byte) (i % 2 == 0 ? 3 : 5), 1});
    }
    return bytes.toByteArray();
  }

  private GatewaySnapshot snapshot(GatewayRig rig, RawPeer.Upstream upstream) {
    Map<String, Cluster> clusters = rig.snapshot(upstream.address()).clusters();
    Route route = new Route("all", "echo", RouteOptions.DEFAULT);
    return new GatewaySnapshot(
        head -> {
          if (!head.authority().toString().equals(STANDING)) {
            return route;
          }
          stands.countDown();
          try {
            assertThat(goesOn.await(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return null;
        },
        clusters,
        GatewayLimits.DEFAULT);
  }
}
