package dev.holdfast.grpc;

import dev.holdfast.admin.DrainableEndpoints;
import dev.holdfast.core.Backoff;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointsListener;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistrationState;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.core.registration.AdvertisedAddress;
import dev.holdfast.core.registration.InstanceRegistration;
import dev.holdfast.grpc.internal.instances.InstanceListSubscription;
import dev.holdfast.grpc.internal.resolver.ResolvedTarget;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The registration of a server in one registry, with its state.
 *
 * <p>A failing registration never stops the server: it is retried while the registry is unreachable
 * or the machine has no route to it. A discovered address is checked periodically; when the machine
 * loses it, the server discovers a new one and announces that in its place. Thread-safe.
 */
public final class ServerRegistration {
  private static final Logger log = LoggerFactory.getLogger(ServerRegistration.class);

  /** The interval of the check whether the machine still has the discovered address. */
  static final Duration ADDRESS_CHECK_INTERVAL = Duration.ofSeconds(10);

  /** The network of this machine; both methods may block. */
  interface LocalNetwork {
    /** The local address of the route to the registry's members. */
    HostPort find(Optional<String> advertised, int port, List<InetSocketAddress> members);

    /** Whether the machine has this address. */
    boolean has(HostPort address);
  }

  /** Threads that wait for the machine's resolver; none while nobody looks anything up. */
  private static final class AddressLookups {
    static final Executor EXECUTOR =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "holdfast-address");
              thread.setDaemon(true);
              return thread;
            });
  }

  private final ResolvedTarget target;
  private final ServerRegistrationOptions serverRegistrationOptions;
  private final Scheduler scheduler;
  private final Backoff addressBackoff;
  private final LocalNetwork localNetwork;
  private final Executor lookups;

  // Touched on the scheduler only, read from anywhere.
  private volatile @Nullable InstanceRegistration registration;
  private volatile @Nullable HostPort address;
  private volatile @Nullable Exception lastFailure;
  private volatile boolean wanted;
  private Registries.@Nullable Handle registry;

  /** The record at the address before, until that at the present one is visible. */
  private @Nullable InstanceRegistration former;

  /** Properties beside those of the options. */
  private Map<String, String> published = Map.of();

  /** Properties of the process, which stay. */
  private volatile Map<String, String> ofProcess = Map.of();

  private boolean draining;
  private boolean withdrawn;

  /**
   * The contents of the record to announce.
   *
   * @param advertised {@code host} or {@code host:port}; empty to discover the address
   * @param zone "" when unknown
   * @param weight 1 to 10,000
   */
  record ServerRegistrationOptions(
      Optional<String> advertised, String zone, int weight, Map<String, String> metadata) {

    ServerRegistrationOptions {
      // Validates early what an endpoint would refuse only after the port is bound.
      var unused = Endpoint.of("localhost:1").withWeight(weight);
      metadata = Map.copyOf(metadata);
    }
  }

  ServerRegistration(ResolvedTarget target, ServerRegistrationOptions serverRegistrationOptions) {
    this(target, serverRegistrationOptions, new ThisMachine(target), AddressLookups.EXECUTOR);
  }

  /**
   * The same on a network of the caller's.
   *
   * @param lookups runs what may block
   */
  ServerRegistration(
      ResolvedTarget target,
      ServerRegistrationOptions serverRegistrationOptions,
      LocalNetwork localNetwork,
      Executor lookups) {
    this.target = target;
    this.serverRegistrationOptions = serverRegistrationOptions;
    this.localNetwork = localNetwork;
    this.lookups = lookups;
    this.scheduler = target.registries().context().scheduler();
    this.addressBackoff =
        new Backoff(Backoff.BackoffOptions.REGISTRY, target.registries().context().random());
  }

  /** The registered target, without secrets. */
  public String target() {
    return target.subject();
  }

  /** The address that is announced; empty until it is known. */
  public Optional<HostPort> address() {
    return Optional.ofNullable(address);
  }

  /** The state of the record in the registry. */
  public RegistrationState state() {
    InstanceRegistration started = registration;
    if (started != null) {
      return started.state();
    }
    if (!wanted) {
      return RegistrationState.ABSENT;
    }
    return lastFailure == null ? RegistrationState.ANNOUNCING : RegistrationState.WAITING;
  }

  /** The failure because of which the record isn't visible; empty without one. */
  public Optional<Exception> lastFailure() {
    return Optional.ofNullable(lastFailure);
  }

  @Override
  public String toString() {
    return "ServerRegistration{" + target() + ", address=" + address + ", state=" + state() + "}";
  }

  /**
   * Refuses an address that was said and makes no sense, before anything is bound.
   *
   * @throws IllegalArgumentException naming where it was said and what was expected
   */
  void requireSensibleAddress() {
    if (isAddressSaid()) {
      try (Registries.Handle handle = open()) {
        var unused = findAddress(handle, 1);
      }
    }
  }

  /** Adds these properties to every record from the next one on, so before {@link #start}. */
  void describe(Map<String, String> properties) {
    ofProcess = Map.copyOf(properties);
  }

  /** Adds these properties to the record, in place of those that were added before. */
  void publish(Map<String, String> properties) {
    scheduler.execute(
        () -> {
          if (published.equals(properties)) {
            return;
          }
          published = Map.copyOf(properties);
          update();
        });
  }

  /** Marks the record as draining from now on, or takes the mark back. */
  void setDraining(boolean leaves) {
    scheduler.execute(
        () -> {
          if (draining != leaves) {
            draining = leaves;
            update();
          }
        });
  }

  private void update() {
    InstanceRegistration started = registration;
    HostPort announced = address;
    if (started != null && announced != null && !withdrawn) {
      started.update(record(announced));
    }
  }

  /** Follows the list of the service in this registry, as a client sees it. */
  Subscription follow(EndpointsListener listener) {
    InstanceListSubscription following = new InstanceListSubscription();
    // Certificates of the registry may be read.
    lookups.execute(
        () -> {
          try {
            following.begin(open(), target.service().service(), listener);
          } catch (RuntimeException e) {
            log.warn("event=instances_unknown target={} cause=\"{}\"", target(), e.getMessage());
          }
        });
    return following;
  }

  /** Announces the server, which listens on this port, from now on. */
  void start(int port) {
    wanted = true;
    scheduler.execute(() -> announce(port));
  }

  /** Removes the record; completes when it is gone or can't be removed. */
  CompletionStage<Void> withdraw() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    scheduler.execute(() -> doWithdraw(done));
    return done;
  }

  private void announce(int port) {
    if (withdrawn) {
      return;
    }
    Optional<Registries.Handle> opened = Optional.ofNullable(registry);
    // Certificates are read, and names of hosts looked up: nothing else would happen meanwhile.
    lookups.execute(() -> findAndAnnounce(opened, port));
  }

  /** On a thread that may block. */
  private void findAndAnnounce(Optional<Registries.Handle> opened, int port) {
    try {
      Registries.Handle handle = opened.orElseGet(this::open);
      scheduler.execute(() -> keep(handle));
      HostPort found = findAddress(handle, port);
      scheduler.execute(() -> announce(handle, found, port));
    } catch (RuntimeException e) {
      scheduler.execute(() -> announceLater(port, e));
    }
  }

  private void keep(Registries.Handle handle) {
    if (withdrawn) {
      // It was released, or will not be used.
      handle.close();
    } else {
      registry = handle;
    }
  }

  /**
   * Retries after a backoff. The settings are valid, so the cause is a missing route or a missing
   * file of the registry; both may appear later.
   */
  private void announceLater(int port, RuntimeException cause) {
    if (withdrawn) {
      return;
    }
    lastFailure = cause;
    log.warn("event=registration_waits target={} cause=\"{}\"", target(), cause.getMessage());
    var unused = scheduler.schedule(addressBackoff.next(), () -> announce(port));
  }

  private void announce(Registries.Handle handle, HostPort found, int port) {
    if (withdrawn) {
      return;
    }
    try {
      doAnnounce(handle, found);
    } catch (RuntimeException e) {
      announceLater(port, e);
      return;
    }
    if (!isAddressSaid()) {
      checkAddressLater(handle, found, port);
    }
  }

  private void checkAddressLater(Registries.Handle handle, HostPort announced, int port) {
    var unused =
        scheduler.schedule(
            ADDRESS_CHECK_INTERVAL,
            () -> {
              if (!withdrawn) {
                lookups.execute(() -> checkAddress(handle, announced, port));
              }
            });
  }

  /**
   * Checks the announced address; runs on a thread that may block. An address that the machine
   * still has is kept, whatever the current route, because the registry's members may be reached by
   * several.
   */
  private void checkAddress(Registries.Handle handle, HostPort announced, int port) {
    HostPort present = announced;
    try {
      if (!localNetwork.has(announced)) {
        present = findAddress(handle, port);
      }
    } catch (RuntimeException e) {
      log.debug("event=address_not_found target={} address={}", target(), announced, e);
    }
    HostPort found = present;
    scheduler.execute(() -> moveTo(handle, announced, found, port));
  }

  private void moveTo(Registries.Handle handle, HostPort announced, HostPort found, int port) {
    if (withdrawn) {
      return;
    }
    if (found.equals(announced)) {
      checkAddressLater(handle, announced, port);
      return;
    }
    log.info("event=address_changed target={} address={} before={}", target(), found, announced);
    withdrawFormer();
    former = registration;
    registration = null;
    announce(handle, found, port);
  }

  private void withdrawFormer() {
    if (former != null) {
      former.close();
      former = null;
    }
  }

  private void doAnnounce(Registries.Handle handle, HostPort found) {
    address = found;
    InstanceRegistration started =
        InstanceRegistration.start(
            handle.registry(),
            target.service().service(),
            record(found),
            target.registries().context());
    registration = started;
    var unused =
        started.onState(
            (registrationState, cause) -> {
              if (started == registration) {
                onState(registrationState, cause);
              }
            });
  }

  private Endpoint record(HostPort at) {
    Map<String, String> metadata = new HashMap<>(serverRegistrationOptions.metadata());
    metadata.putAll(ofProcess);
    metadata.putAll(published);
    return Endpoint.of(at)
        .withZone(serverRegistrationOptions.zone())
        .withWeight(serverRegistrationOptions.weight())
        .withDraining(draining)
        .withMetadata(metadata);
  }

  /** Changes of state are logged by the registration itself. */
  private void onState(RegistrationState registrationState, @Nullable RegistryException cause) {
    if (cause != null) {
      lastFailure = cause;
    } else if (registrationState == RegistrationState.VISIBLE) {
      lastFailure = null;
    }
    if (registrationState == RegistrationState.VISIBLE) {
      withdrawFormer();
    }
  }

  private void doWithdraw(CompletableFuture<Void> done) {
    withdrawn = true;
    withdrawFormer();
    InstanceRegistration started = registration;
    if (started == null) {
      release();
      done.complete(null);
      return;
    }
    var unused =
        started
            .withdraw()
            .whenComplete(
                (ok, failure) -> {
                  if (failure != null) {
                    log.warn(
                        "event=deregistration_failed target={} address={} cause=\"{}\"",
                        target(),
                        address,
                        failure.getMessage());
                  }
                  scheduler.execute(this::release);
                  done.complete(null);
                });
  }

  private void release() {
    if (registry != null) {
      registry.close();
      registry = null;
    }
  }

  private Registries.Handle open() {
    return target.registries().open(target.service().registry());
  }

  private HostPort findAddress(Registries.Handle handle, int port) {
    return localNetwork.find(
        serverRegistrationOptions.advertised(), port, handle.registry().peerAddresses());
  }

  private boolean isAddressSaid() {
    return AdvertisedAddress.isConfigured(
        serverRegistrationOptions.advertised(), target.registries().context().environment());
  }

  /**
   * The endpoints of a server for the admin service of the process.
   *
   * @param registrations the records of the server
   */
  record RegisteredEndpoints(List<ServerRegistration> registrations) implements DrainableEndpoints {
    @Override
    public List<String> addresses() {
      return registrations.stream()
          .flatMap(registration -> registration.address().stream())
          .map(HostPort::toString)
          .distinct()
          .toList();
    }

    @Override
    public void setDraining(String address, boolean draining) {
      registrations.stream()
          .filter(
              registration ->
                  registration.address().map(HostPort::toString).equals(Optional.of(address)))
          .forEach(registration -> registration.setDraining(draining));
    }
  }

  private record ThisMachine(ResolvedTarget target) implements LocalNetwork {
    @Override
    public HostPort find(Optional<String> advertised, int port, List<InetSocketAddress> members) {
      return AdvertisedAddress.find(
          advertised, port, target.registries().context().environment(), members);
    }

    @Override
    public boolean has(HostPort address) {
      return AdvertisedAddress.isLocal(address);
    }
  }
}
