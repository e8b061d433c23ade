package dev.holdfast.gateway.admin;

import dev.holdfast.gateway.Gateway;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * HTTP/1.1 server of {@code /metrics}, {@code /livez} and {@code /readyz} alone, in plaintext, on a
 * thread of its own. Thread-safe.
 *
 * <p>Meant for scrapers and probes of other machines: nothing can be changed here, and neither
 * clients nor the configuration are shown. The admin page stays on loopback meanwhile.
 */
public final class MetricsServer implements AutoCloseable {
  /** The port by which manifests reach it. */
  public static final int PORT = 18_003;

  /** The option that gives the address. */
  private static final String NAME = "metrics";

  private final AdminListener listener;

  private MetricsServer(AdminListener listener) {
    this.listener = listener;
  }

  /**
   * Serves the meters and the readiness of a gateway from now on.
   *
   * @throws IOException when the address can't be bound
   */
  public static MetricsServer ofGateway(
      InetSocketAddress address, Gateway gateway, MeterRegistry meters) throws IOException {
    return open(
        address,
        () -> GatewayReadiness.notReadyBecause(gateway),
        () -> PrometheusText.of(meters, gateway.callStatistics().sums()));
  }

  /**
   * Serves the meters and the readiness of another program from now on.
   *
   * @param notReadyBecause the reason for which the program should get no traffic now; empty when
   *     it is ready. Called for each probe; must not block
   * @throws IOException when the address can't be bound
   */
  public static MetricsServer of(
      InetSocketAddress address, Supplier<Optional<String>> notReadyBecause, MeterRegistry meters)
      throws IOException {
    return open(address, notReadyBecause, () -> PrometheusText.of(meters, Map.of()));
  }

  private static MetricsServer open(
      InetSocketAddress address,
      Supplier<Optional<String>> notReadyBecause,
      Supplier<String> metrics)
      throws IOException {
    AdminAccessPolicy policy = new AdminAccessPolicy(address.getAddress().isLoopbackAddress());
    return new MetricsServer(
        AdminListener.open(NAME, address, new MetricsHandler(policy, notReadyBecause, metrics)));
  }

  /** The bound address, with the actual port. */
  public InetSocketAddress address() {
    return listener.address();
  }

  @Override
  public void close() {
    listener.close();
  }
}
