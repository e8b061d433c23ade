package dev.holdfast.cli.gateway;

import dev.holdfast.core.Scheduler;
import dev.holdfast.gateway.Gateway;
import dev.holdfast.gateway.access.AccessLog;
import dev.holdfast.gateway.admin.AdminServer;
import dev.holdfast.gateway.admin.ConfigStatus;
import dev.holdfast.gateway.call.Frontend;
import dev.holdfast.gateway.config.ObservabilityConfig;
import dev.holdfast.gateway.schema.ClusterSchemas;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The observability of a gateway: admin page, meters and access log. It stays open while the
 * gateway drains and a little longer.
 */
final class GatewayObservability implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(GatewayObservability.class);

  private final ObservabilityOptions options;
  private final ObservabilityConfig file;
  private final ConfigStatus config;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Optional<AccessLog> accessLog;
  private volatile @Nullable RetriedResource<AdminServer> admin;

  /**
   * Counts from now on; before anything else counts.
   *
   * @throws IllegalArgumentException when the log of calls can't be written where it is to be
   */
  GatewayObservability(
      ObservabilityOptions options, ObservabilityConfig file, ConfigStatus config) {
    this.options = options;
    this.file = file;
    this.config = config;
    // First, because it may be refused.
    this.accessLog =
        options
            .log(file)
            .map(
                name ->
                    AccessLog.open(
                        name.equals("-") ? Optional.empty() : Optional.of(Path.of(name)), meters));
    Metrics.addRegistry(meters);
    new JvmMemoryMetrics().bindTo(meters);
    new JvmThreadMetrics().bindTo(meters);
    new ProcessorMetrics().bindTo(meters);
    new FileDescriptorMetrics().bindTo(meters);
    new UptimeMetrics().bindTo(meters);
  }

  ConfigStatus config() {
    return config;
  }

  /** The frontend, with an access log if one is configured. */
  Frontend withAccessLog(Frontend frontend) {
    return accessLog.map(opened -> opened.watching(frontend)).orElse(frontend);
  }

  /**
   * Starts the access log and opens the admin page.
   *
   * @param schemas the schemas of the gateway's clusters
   * @param drain the action of the page's drain button
   * @param mustServe whether the gateway must serve even without the page; opening the page is then
   *     retried
   * @throws IOException when the page can't be opened, the address was given explicitly, and {@code
   *     mustServe} is false; without an explicit address the gateway goes on without a page
   */
  void show(
      Gateway gateway,
      ClusterSchemas schemas,
      Runnable drain,
      Scheduler scheduler,
      boolean mustServe)
      throws IOException {
    accessLog.ifPresent(gateway.callStatistics()::setSink);
    Optional<InetSocketAddress> address = options.address(file);
    if (address.isEmpty()) {
      return;
    }
    AdminServer.AdminTarget adminTarget =
        new AdminServer.AdminTarget(gateway, config, meters, drain, schemas::rejected);
    try {
      admin =
          RetriedResource.open(
              "admin", () -> AdminServer.open(address.get(), adminTarget), scheduler, mustServe);
    } catch (IOException e) {
      if (options.isAdminRequested(file)) {
        throw e;
      }
      log.warn(
          "event=admin_unavailable gateway=serves_without_admin_page cause=\"{}\""
              + " remedy=\"--admin PORT, or admin in the file, says another place, none that none"
              + " is wanted\"",
          e.getMessage());
    }
  }

  /** Shows nothing any more; calls are logged on. */
  void closePage() {
    RetriedResource<AdminServer> open = admin;
    if (open != null) {
      open.close();
    }
  }

  /** The address of the admin page; empty as long as the page is not open. */
  Optional<InetSocketAddress> address() {
    return Optional.ofNullable(admin).flatMap(RetriedResource::opened).map(AdminServer::address);
  }

  @Override
  public void close() {
    closePage();
    accessLog.ifPresent(AccessLog::close);
    Metrics.removeRegistry(meters);
    meters.close();
  }
}
