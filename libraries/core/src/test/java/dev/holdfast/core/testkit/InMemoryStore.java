package dev.holdfast.core.testkit;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What several {@link InMemoryRegistry} share: the store behind a registry, with fault switches.
 *
 * <p>Records of announcements live under a lease of {@link #ttl()}; while the store is stopped
 * leases do not run out, and they begin anew when it starts, as with etcd. Everything happens on
 * the scheduler; methods called from elsewhere are handed over to it.
 */
public final class InMemoryStore {
  /** What keeps records alive; identity is all that matters. */
  static final class Lease {
    boolean revoked;
  }

  static final class Stored {
    final Endpoint endpoint;
    final @Nullable Lease lease;

    Stored(Endpoint endpoint, @Nullable Lease lease) {
      this.endpoint = endpoint;
      this.lease = lease;
    }
  }

  private final Scheduler scheduler;
  private final Duration ttl;
  private final Map<String, Map<String, Stored>> services = new TreeMap<>();
  // In order of arrival, so that every run with one seed is the same run.
  private final Map<Lease, Subscription> leases = new LinkedHashMap<>();
  private final Set<InMemoryRegistry> clients = new LinkedHashSet<>();
  private long epoch = 1;
  private boolean up = true;

  public InMemoryStore(Scheduler scheduler, Duration ttl) {
    this.scheduler = scheduler;
    this.ttl = ttl;
  }

  /** A new client of this store, as another process would be one. */
  public InMemoryRegistry connect(RegistryContext context) {
    return new InMemoryRegistry(this, context.withScheduler(scheduler));
  }

  public Duration ttl() {
    return ttl;
  }

  Scheduler scheduler() {
    return scheduler;
  }

  /** What the store holds of a service. */
  public EndpointSet truth(ServiceName service) {
    return snapshot(service.path()).endpoints();
  }

  public boolean isUp() {
    return up;
  }

  /** Puts a record without a lease, as an operator does. */
  public void put(ServiceName service, Endpoint endpoint) {
    run(() -> store(service.path(), endpoint, null));
  }

  /** Deletes whatever record an address has. */
  public void delete(ServiceName service, HostPort address) {
    run(() -> remove(service.path(), address.toString()));
  }

  /** Stops the store: requests fail, watches break, leases stand still. */
  public void stop() {
    run(
        () -> {
          up = false;
          leases.values().forEach(Subscription::close);
          each(InMemoryRegistry::linkChanged);
        });
  }

  /** Starts the store again with what it held. */
  public void start() {
    run(
        () -> {
          up = true;
          List.copyOf(leases.keySet()).forEach(this::renew);
          each(InMemoryRegistry::linkChanged);
        });
  }

  /** Takes the store's memory: records, leases and all. */
  public void wipe() {
    run(
        () -> {
          epoch++;
          services.clear();
          leases.values().forEach(Subscription::close);
          leases.keySet().forEach(lease -> lease.revoked = true);
          leases.clear();
          each(InMemoryRegistry::wiped);
        });
  }

  RegistrySnapshot snapshot(String path) {
    return new RegistrySnapshot(
        EndpointSet.of(
            services.getOrDefault(path, Map.of()).values().stream()
                .map(stored -> stored.endpoint)
                .toList()),
        epoch);
  }

  Set<String> names(String namespace) {
    Set<String> names = new TreeSet<>();
    services.forEach(
        (path, records) -> {
          int slash = path.lastIndexOf('/');
          if (!records.isEmpty() && (slash < 0 ? "" : path.substring(0, slash)).equals(namespace)) {
            names.add(path.substring(slash + 1));
          }
        });
    return names;
  }

  @Nullable Stored record(String path, String address) {
    return services.getOrDefault(path, Map.of()).get(address);
  }

  void add(InMemoryRegistry client) {
    clients.add(client);
  }

  void remove(InMemoryRegistry client) {
    clients.remove(client);
  }

  Lease grant() {
    Lease lease = new Lease();
    leases.put(lease, () -> {});
    renew(lease);
    return lease;
  }

  /** Whether the lease was there to be renewed. */
  boolean renew(Lease lease) {
    Subscription timer = leases.get(lease);
    if (timer == null) {
      return false;
    }
    timer.close();
    leases.put(lease, scheduler.schedule(ttl, () -> revoke(lease)));
    return true;
  }

  void revoke(Lease lease) {
    Subscription timer = leases.remove(lease);
    if (timer == null) {
      return;
    }
    timer.close();
    lease.revoked = true;
    services.forEach(
        (path, records) ->
            records.entrySet().stream()
                .filter(entry -> entry.getValue().lease == lease)
                .map(Map.Entry::getKey)
                .toList()
                .forEach(address -> remove(path, address)));
  }

  void store(String path, Endpoint endpoint, @Nullable Lease lease) {
    services
        .computeIfAbsent(path, p -> new TreeMap<>())
        .put(endpoint.address().toString(), new Stored(endpoint, lease));
    each(client -> client.changed(path));
  }

  void remove(String path, String address) {
    if (services.getOrDefault(path, new TreeMap<>()).remove(address) != null) {
      each(client -> client.changed(path));
    }
  }

  void run(Runnable task) {
    if (scheduler.isCurrent()) {
      task.run();
    } else {
      scheduler.execute(task);
    }
  }

  private void each(Consumer<InMemoryRegistry> action) {
    List.copyOf(clients).forEach(action);
  }
}
