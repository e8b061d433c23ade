package dev.holdfast.cli.gateway;

import dev.holdfast.cli.control.AdminServiceSetting;
import dev.holdfast.cli.control.ProcessMeters;
import dev.holdfast.core.Scheduler;
import dev.holdfast.gateway.Gateway;
import dev.holdfast.gateway.GatewayOptions;
import dev.holdfast.gateway.access.AccessLog;
import dev.holdfast.gateway.admin.AdminServer;
import dev.holdfast.gateway.admin.ConfigStatus;
import dev.holdfast.gateway.admin.MetricsServer;
import dev.holdfast.gateway.call.Frontend;
import dev.holdfast.gateway.config.ObservabilityConfig;
import dev.holdfast.gateway.schema.ClusterSchemas;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Map;
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
  private final ProcessMeters meters;
  private final AdminServiceSetting adminService;
  private final Optional<AccessLog> accessLog;
  private volatile @Nullable RetriedResource<AdminServer> admin;
  private volatile @Nullable RetriedResource<MetricsServer> metrics;

  /**
   * Counts from now on; before anything else counts.
   *
   * @throws IllegalArgumentException when the log of calls can't be written where it is to be
   */
  GatewayObservability(
      ObservabilityOptions options,
      ObservabilityConfig file,
      ConfigStatus config,
      Map<String, String> environment) {
    this.options = options;
    this.adminService = AdminServiceSetting.of(environment);
    this.file = file;
    this.config = config;
    this.meters = ProcessMeters.open();
    try {
      this.accessLog =
          options
              .log(file)
              .map(
                  name ->
                      AccessLog.open(
                          name.equals("-") ? Optional.empty() : Optional.of(Path.of(name)),
                          meters.registry()));
    } catch (IllegalArgumentException e) {
      meters.close();
      throw e;
    }
  }

  ConfigStatus config() {
    return config;
  }

  /**
   * The options of a gateway with this frontend, whose requests go into the access log, and whose
   * connections the admin service shows, as far as there are such.
   */
  GatewayOptions observing(GatewayOptions gateway, Frontend frontend) {
    GatewayOptions logged =
        gateway.withFrontend(accessLog.map(opened -> opened.watching(frontend)).orElse(frontend));
    return adminService
        .connections()
        .map(connections -> logged.withConnections(new GatewayConnections(connections)))
        .orElse(logged);
  }

  /**
   * Starts the access log and the admin service, and opens the address of metrics and the admin
   * page.
   *
   * @param schemas the schemas of the gateway's clusters
   * @param drain the action of the page's drain button
   * @param mustServe whether the gateway must serve even without either; opening is then retried
   * @throws IOException when one can't be opened, its address was given explicitly, and {@code
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
    var unused =
        RetriedResource.open("admin_service", this::startAdminService, scheduler, mustServe);
    Optional<InetSocketAddress> scraped = options.metricsAddress();
    if (scraped.isPresent()) {
      metrics =
          RetriedResource.open(
              "metrics",
              () -> MetricsServer.ofGateway(scraped.get(), gateway, meters.registry()),
              scheduler,
              mustServe);
    }
    Optional<InetSocketAddress> address = options.address(file);
    if (address.isEmpty()) {
      return;
    }
    AdminServer.AdminTarget adminTarget =
        new AdminServer.AdminTarget(gateway, config, meters.registry(), drain, schemas::rejected);
    try {
      admin =
          RetriedResource.open(
              "admin",
              () -> AdminServer.open(address.get(), options.adminToken(), adminTarget),
              scheduler,
              mustServe);
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

  /** Starts the admin service, which lasts as long as the process: there is nothing to close. */
  private AutoCloseable startAdminService() throws IOException {
    adminService.start();
    return () -> {};
  }

  /** Closes the admin page and the address of metrics; calls are logged on. */
  void closeAddresses() {
    RetriedResource<AdminServer> page = admin;
    if (page != null) {
      page.close();
    }
    RetriedResource<MetricsServer> scraped = metrics;
    if (scraped != null) {
      scraped.close();
    }
  }

  /** The address of the admin page; empty as long as the page is not open. */
  Optional<InetSocketAddress> address() {
    return Optional.ofNullable(admin).flatMap(RetriedResource::opened).map(AdminServer::address);
  }

  /** The address of the admin service of the process; empty without one, and until it is open. */
  Optional<InetSocketAddress> adminService() {
    return adminService.address();
  }

  /** The address of metrics and probes; empty without one, and until it is open. */
  Optional<InetSocketAddress> metricsAddress() {
    return Optional.ofNullable(metrics)
        .flatMap(RetriedResource::opened)
        .map(MetricsServer::address);
  }

  @Override
  public void close() {
    closeAddresses();
    accessLog.ifPresent(AccessLog::close);
    meters.close();
  }
}
