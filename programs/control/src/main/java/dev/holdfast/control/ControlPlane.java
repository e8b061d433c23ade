package dev.holdfast.control;

import dev.holdfast.control.xds.ResourceBuilder;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.discovery.Registries;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An xDS server for the services of one namespace of a registry.
 *
 * <p>No client is answered before all services are known, from the registry or from the disk. Where
 * HOLDFAST_SNAPSHOT_DIR is set, the lists of endpoints and the names of the services are kept
 * there. Any number of control planes may serve the same namespace, because responses are derived
 * from its content. Thread-safe.
 */
public final class ControlPlane implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ControlPlane.class);

  /** How long an end waits for the disk. */
  @Limit(
      of = "time that a control plane that ends waits for its disk, at most",
      then = "the list of services that is being written is left as it was")
  private static final Duration MAX_WRITE = Duration.ofSeconds(2);

  private static final String WHOLE_SERVER = HealthStatusManager.SERVICE_NAME_ALL_SERVICES;

  private final Registries.Handle handle;
  private final SnapshotPublisher snapshotPublisher;
  private final DiscoveryStreams discoveryStreams;
  private final FollowedNamespace namespace;
  private final ExecutorService disk;
  private final Server server;
  private final Server admin;
  private final ServerTlsCredentials keys;
  private final Duration drain;
  private final HealthStatusManager health = new HealthStatusManager();
  private final AtomicBoolean closed = new AtomicBoolean();

  private ControlPlane(
      Registries.Handle handle,
      RegistryContext context,
      ResourceBuilder builder,
      ControlOptions options)
      throws IOException {
    this.handle = handle;
    this.drain = options.drain();
    snapshotPublisher = new SnapshotPublisher(builder, context.meters());
    discoveryStreams = new DiscoveryStreams(context.meters(), context.scheduler().clock());
    disk =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "holdfast-control-disk");
              thread.setDaemon(true);
              return thread;
            });
    namespace = new FollowedNamespace(handle, context, options, snapshotPublisher, disk);
    keys = ServerTlsCredentials.of(options.tls());
    DiscoveryCall.DiscoveryContext discoveryContext =
        new DiscoveryCall.DiscoveryContext(
            snapshotPublisher, discoveryStreams, new XdsResponseEncoder("holdfast"));
    LoadTable loads = new LoadTable();
    LoadReportingService reports = new LoadReportingService(loads, context.meters());
    List<ServerServiceDefinition> services =
        new ArrayList<>(new DiscoveryServices(discoveryContext).all());
    services.add(reports.bindService());
    services.add(health.getHealthService().bindService());
    server = ControlServers.forClients(options, keys, services);
    StatusService.StatusSources told =
        new StatusService.StatusSources(
            handle.registry().describe(),
            namespace::status,
            discoveryStreams,
            loads,
            context.scheduler().clock());
    admin =
        ControlServers.forAdmins(
            options,
            List.of(
                new StatusService(told).bindService(),
                new ClientStatusService(discoveryStreams, snapshotPublisher).bindService()));
    health.setStatus(WHOLE_SERVER, ServingStatus.NOT_SERVING);
    snapshotPublisher.add(snapshot -> health.setStatus(WHOLE_SERVER, ServingStatus.SERVING));
  }

  /**
   * Opens the registry and begins to serve.
   *
   * @param registry whose namespace is served
   * @param registries where it is opened
   * @param builder makes the resources of each service
   * @throws IOException when a port can't be had
   * @throws IllegalArgumentException when the registry can't list its services and none are given,
   *     or a file of TLS can't be used
   */
  public static ControlPlane start(
      RegistryUri registry, Registries registries, ResourceBuilder builder, ControlOptions options)
      throws IOException {
    Registries.Handle handle = registries.open(registry);
    boolean done = false;
    try {
      if (options.services().isEmpty()
          && !handle.registry().capabilities().contains(Registry.Capability.NAMES)) {
        throw new IllegalArgumentException(
            "services: none (expected: the names of the services, because "
                + registry.scheme()
                + " can't list them)");
      }
      ControlPlane plane = new ControlPlane(handle, registries.context(), builder, options);
      plane.begin();
      done = true;
      return plane;
    } finally {
      if (!done) {
        handle.close();
      }
    }
  }

  private void begin() throws IOException {
    try {
      server.start();
      admin.start();
    } catch (IOException e) {
      end();
      throw e;
    }
    namespace.start();
    log.info(
        "event=control_started listen={} admin={} registry={}",
        address(),
        adminAddress(),
        handle.registry().describe());
  }

  /** The address on which xDS clients are served. */
  public InetSocketAddress address() {
    return ControlServers.address(server);
  }

  /** The address of the admin service. */
  public InetSocketAddress adminAddress() {
    return ControlServers.address(admin);
  }

  /** Takes another policy into use: all resources are made again, and what differs is sent. */
  public void use(ResourceBuilder builder) {
    snapshotPublisher.use(builder);
  }

  /** Whether the set of services is known, so that clients are answered. */
  public boolean isServing() {
    return snapshotPublisher.current().isPresent();
  }

  /**
   * The reason for which clients should not come here now, as probes of load balancers want it;
   * empty when the control plane is ready. Never blocks.
   */
  public Optional<String> notReadyBecause() {
    if (closed.get()) {
      return Optional.of("draining");
    }
    return isServing() ? Optional.empty() : Optional.of("not all services are known yet");
  }

  /** Drains the clients, waits for that as long as the options say, and shuts down. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    log.info("event=control_stopping clients={}", discoveryStreams.size());
    health.enterTerminalState();
    server.shutdown();
    discoveryStreams.drain();
    try {
      if (!server.awaitTermination(drain.toNanos(), TimeUnit.NANOSECONDS)) {
        log.info("event=control_drain_timed_out clients={}", discoveryStreams.size());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    end();
  }

  private void end() {
    server.shutdownNow();
    admin.shutdownNow();
    namespace.close();
    snapshotPublisher.close();
    discoveryStreams.close();
    keys.close();
    handle.close();
    finishWriting();
  }

  /** A process that ends leaves no half file aside, unless its disk hangs. */
  private void finishWriting() {
    disk.shutdown();
    try {
      if (!disk.awaitTermination(MAX_WRITE.toNanos(), TimeUnit.NANOSECONDS)) {
        log.warn("event=control_write_timed_out limit={}", MAX_WRITE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
