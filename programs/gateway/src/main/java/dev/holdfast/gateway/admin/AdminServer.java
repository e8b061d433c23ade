package dev.holdfast.gateway.admin;

import dev.holdfast.gateway.Gateway;
import dev.holdfast.gateway.cluster.Cluster;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * HTTP/1.1 server of the gateway's admin page, in plaintext, on a thread of its own: {@code /},
 * {@code /api/state}, {@code /metrics}, {@code /healthz}, {@code /livez}, {@code /readyz} and
 * {@code POST /api/drain}. Thread-safe.
 *
 * <p>On loopback every client may see all of the gateway; to drain it, and to see it from another
 * machine, takes a token. Requests of pages from other origins are refused, also by DNS rebinding
 * ({@link AdminAccessPolicy}).
 */
public final class AdminServer implements AutoCloseable {
  /** The default port, on loopback. */
  public static final int PORT = 18_002;

  private final AdminListener listener;

  /**
   * The gateway that the admin page shows, with the sources of its data.
   *
   * @param gateway the gateway that is shown
   * @param config the status of the applied configuration
   * @param meters the meters behind /metrics
   * @param drain the action of the drain button; must not block
   * @param rejected the bindings and services in a cluster's schema that are not served, each with
   *     the reason
   */
  public record AdminTarget(
      Gateway gateway,
      ConfigStatus config,
      MeterRegistry meters,
      Runnable drain,
      Function<Cluster, List<String>> rejected) {
    /** A gateway without schemas, so without rejected bindings. */
    public AdminTarget(Gateway gateway, ConfigStatus config, MeterRegistry meters, Runnable drain) {
      this(gateway, config, meters, drain, cluster -> List.of());
    }
  }

  private AdminServer(AdminListener listener) {
    this.listener = listener;
  }

  /**
   * Binds the address and serves from now on.
   *
   * @param tokenFile the file with the token; without one there are no actions
   * @throws IOException when the address can't be bound
   * @throws IllegalArgumentException when there is no token for an address beyond loopback
   */
  public static AdminServer open(
      InetSocketAddress address, Optional<Path> tokenFile, AdminTarget adminTarget)
      throws IOException {
    boolean loopback = address.getAddress().isLoopbackAddress();
    AdminHandler handler =
        new AdminHandler(
            adminTarget, new AdminAccessPolicy(loopback), new AdminToken(loopback, tokenFile));
    return new AdminServer(AdminListener.open("admin", address, handler));
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
