package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.testkit.RefusingPort;
import io.micrometer.core.instrument.Meter;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Settings;
import java.io.InputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is counted of connections to endpoints (gRFC A94). */
class SubchannelMetersTest {
  private final GatewayRig rig = new GatewayRig();

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void theFirstReasonOfAnEndIsItsReason() throws Exception {
    RawPeer.Upstream upstream = rig.closing(RawPeer.listen(new Http2Settings()));
    Gateway gateway = rig.gateway(upstream.address());
    RawPeer client = rig.client(gateway);
    client.headers(3, RawPeer.call("/test.Echo/Talk"), false);
    RawPeer peer = upstream.accepted();
    int call = peer.next("HEADERS").stream();
    assertThat(value("connection_attempts_succeeded")).isEqualTo(1);
    assertThat(value("open_connections")).isEqualTo(1);

    peer.goAway(call, Http2Error.ENHANCE_YOUR_CALM.code());
    peer.close();
    await().until(() -> value("disconnections", "GOAWAY ENHANCE_YOUR_CALM") == 1);
    assertThat(value("open_connections")).isZero();

    client.headers(5, RawPeer.call("/test.Echo/Talk"), false);
    upstream.accepted().next("HEADERS");
    gateway.close();
    await().until(() -> value("disconnections", "subchannel shutdown") == 1);
    assertThat(value("connection_attempts_failed")).isZero();
  }

  @Test
  void aResetIsToldFromAnEndWithoutAWord() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 5, TlsRig.loopback().getAddress())) {
      Gateway gateway = rig.gateway("127.0.0.1:" + server.getLocalPort());
      RawPeer client = rig.client(gateway);
      for (int i = 0; i < 2; i++) {
        client.headers(3 + 2 * i, RawPeer.call("/test.Echo/Talk"), false);
        try (Socket accepted = server.accept()) {
          accepted.getOutputStream().write(RawServer.SETTINGS);
          InputStream in = accepted.getInputStream();
          await().until(() -> in.available() > 0);
          int expected = i + 1;
          await().until(() -> value("connection_attempts_succeeded") == expected);
          if (i == 0) {
            accepted.setSoLinger(true, 0);
          } else {
            in.readNBytes(in.available());
            accepted.shutdownOutput();
            in.readAllBytes();
          }
        }
      }
      await()
          .untilAsserted(
              () -> assertThat(reasons()).containsExactlyInAnyOrder("connection reset", "unknown"));
    }
  }

  @Test
  void oneThatIsRefusedIsAFailedAttempt() throws Exception {
    try (RefusingPort nobody = new RefusingPort()) {
      RawPeer client = rig.client(rig.gateway(nobody.toString()));
      client.headers(3, RawPeer.call("/test.Echo/Talk"), false);
      client.next("HEADERS");
      assertThat(value("connection_attempts_failed")).isPositive();
      assertThat(value("connection_attempts_succeeded")).isZero();
    }
  }

  private List<String> reasons() {
    return rig.meters.find("grpc.subchannel.disconnections").counters().stream()
        .map(each -> String.valueOf(each.getId().getTag("grpc.disconnect_error")))
        .toList();
  }

  private double value(String name) {
    return rig.meters.find("grpc.subchannel." + name).tag("grpc.target", "echo").meters().stream()
        .mapToDouble(SubchannelMetersTest::value)
        .sum();
  }

  private double value(String name, String error) {
    return rig
        .meters
        .find("grpc.subchannel." + name)
        .tag("grpc.disconnect_error", error)
        .meters()
        .stream()
        .mapToDouble(SubchannelMetersTest::value)
        .sum();
  }

  private static double value(Meter meter) {
    return meter.measure().iterator().next().getValue();
  }
}
