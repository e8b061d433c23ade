package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.gateway.admin.MetricsServer;
import dev.holdfast.gateway.route.ServiceRouter;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The address of metrics and probes as Prometheus, a kubelet and strangers ask it. */
class MetricsServerTest {
  private static final InetSocketAddress LOOPBACK =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private final GatewayRig rig = new GatewayRig();
  private Gateway gateway;
  private MetricsServer metrics;

  @BeforeEach
  void open() throws Exception {
    gateway = rig.gateway(rig.serve(new Echo()));
    metrics = rig.closing(MetricsServer.ofGateway(LOOPBACK, gateway, rig.meters));
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void metersAndLifeAreThere() throws IOException {
    assertThat(get(metrics, "/metrics"))
        .startsWith("HTTP/1.1 200 OK")
        .contains("content-type: text/plain; version=0.0.4")
        .contains("holdfast_gateway_limited_events_total{limit=\"rapid_reset\"} 0\n");
    assertThat(get(metrics, "/livez")).startsWith("HTTP/1.1 200 OK").endsWith("ok\n");
    assertThat(ask(metrics, "HEAD /livez")).startsWith("HTTP/1.1 200 OK").endsWith("\r\n\r\n");
  }

  @Test
  void gatewayIsReadyWhenItKnowsItsServicesAndUntilItDrains() throws Exception {
    GatewaySnapshot all = gateway.snapshot();
    gateway.apply(new GatewaySnapshot(ServiceRouter.unknown(), Map.of(), all.limits()));
    assertThat(get(metrics, "/readyz"))
        .startsWith("HTTP/1.1 503 ")
        .endsWith("which services it has\n");
    gateway.apply(all);
    assertThat(get(metrics, "/readyz")).startsWith("HTTP/1.1 200 OK").endsWith("ready\n");

    gateway.drain().get();

    assertThat(get(metrics, "/readyz")).startsWith("HTTP/1.1 503 ").endsWith("draining\n");
    assertThat(get(metrics, "/livez")).startsWith("HTTP/1.1 200 OK");
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET /", "GET /api/state", "GET /api/drain", "GET /healthz"})
  void theAdminPageIsNotThere(String line) throws IOException {
    assertThat(ask(metrics, line))
        .startsWith("HTTP/1.1 404 ")
        .endsWith(line.substring(4) + " (expected: /metrics, /livez or /readyz)\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/api/drain", "/metrics"})
  void nothingCanBeChanged(String path) throws IOException {
    assertThat(ask(metrics, "POST " + path, "x-holdfast-admin: test"))
        .startsWith("HTTP/1.1 405 ")
        .endsWith("POST " + path + " (expected: GET)\n");
    assertThat(gateway.isDraining()).isFalse();
  }

  @Test
  void pagesOfOtherOriginsAreRefused() throws IOException {
    assertThat(ask(metrics, "GET /metrics", "origin: http://evil.example"))
        .startsWith("HTTP/1.1 403 ");
    assertThat(raw(metrics, "GET /metrics", "host: evil.example")).startsWith("HTTP/1.1 403 ");
  }

  @Test
  void anotherProgramSaysItselfWhetherItIsReady() throws IOException {
    AtomicReference<Optional<String>> reason = new AtomicReference<>(Optional.of("asleep"));
    try (MetricsServer other = MetricsServer.of(LOOPBACK, reason::get, rig.meters)) {
      assertThat(get(other, "/readyz")).startsWith("HTTP/1.1 503 ").endsWith("asleep\n");
      reason.set(Optional.empty());
      assertThat(get(other, "/readyz")).startsWith("HTTP/1.1 200 OK");
      assertThat(get(other, "/metrics")).contains("holdfast_gateway_limited_events_total");
    }
  }

  @Test
  void aPortThatIsTakenIsSaidSo() {
    assertThatThrownBy(
            () -> MetricsServer.of(metrics.address(), Optional::empty, rig.meters).close())
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("metrics: 127.0.0.1:");
  }

  private static String get(MetricsServer server, String path) throws IOException {
    return ask(server, "GET " + path);
  }

  private static String ask(MetricsServer server, String line, String... headers)
      throws IOException {
    String host = "host: 127.0.0.1:" + server.address().getPort();
    return raw(server, line, host + (headers.length == 0 ? "" : "\r\n" + headers[0]));
  }

  /** The whole answer, with its headers in small letters as they come. */
  private static String raw(MetricsServer server, String line, String headers) throws IOException {
    String request = FrontendRig.lines(line + " HTTP/1.1", "connection: close", headers);
    InetSocketAddress address = server.address();
    try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
      socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(GatewayRig.PATIENCE_SECONDS));
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
