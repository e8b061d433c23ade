package dev.holdfast.gateway.config;

import static java.util.Objects.requireNonNull;

import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.gateway.GatewaySnapshot;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.ClusterOptions;
import dev.holdfast.gateway.frontend.FrontendOptions;
import dev.holdfast.gateway.route.FallbackRouter;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.gateway.route.RouteTable;
import dev.holdfast.gateway.route.Router;
import dev.holdfast.gateway.route.ServiceRouter;
import dev.holdfast.gateway.schema.ClusterSchemas;
import dev.holdfast.gateway.schema.ServiceSchema;
import dev.holdfast.gateway.tls.TlsClient;
import dev.holdfast.gateway.tls.TlsContexts;
import io.micrometer.core.instrument.Metrics;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running configuration: follows the endpoints of its clusters, turns services of its registry
 * into clusters, and publishes a snapshot on each change. Unchanged clusters keep their {@link
 * Cluster}, and so their connections.
 *
 * <p>Thread-safe. The creator closes it, after the gateway.
 */
public final class LiveConfig implements AutoCloseable {
  /** The maximum number of registry services that become clusters without being configured. */
  @Limit(
      of = "services of a registry that are clusters without being configured",
      then = "further ones are logged and not served unless they are configured")
  public static final int MAX_SERVICES = 5_000;

  private static final Logger log = LoggerFactory.getLogger(LiveConfig.class);

  private final Registries registries;
  private final Set<String> services;
  private final Optional<ClusterSchemas> schemas;
  private final TlsContexts keys;
  private final CountDownLatch namesKnown = new CountDownLatch(1);
  private final Map<ClusterKey, OpenCluster> open = new HashMap<>();
  private GatewayConfig config = GatewayConfig.EMPTY;
  private FollowedRegistries followed = FollowedRegistries.NONE;
  private Map<String, ClusterKey> published = Map.of();
  private Set<String> held = Set.of();
  private Consumer<GatewaySnapshot> listener = snapshot -> {};
  private GatewaySnapshot snapshot;
  private volatile FrontendConfig frontends = FrontendConfig.DEFAULT;
  private boolean closed;

  private record ClusterKey(String name, ClusterConfig config) {
    /**
     * Whether the key differs only in the source of endpoints, so that connections are made in the
     * same way.
     */
    boolean isMovedFrom(ClusterKey before) {
      return !equals(before)
          && config.options().equals(before.config.options())
          && config.tls().equals(before.config.tls());
    }
  }

  private record OpenCluster(
      Cluster cluster, Optional<Registries.Handle> handle, Optional<TlsClient> tls)
      implements AutoCloseable {
    @Override
    public void close() {
      cluster.close();
      handle.ifPresent(Registries.Handle::close);
      tls.ifPresent(TlsClient::close);
    }
  }

  private LiveConfig(
      Registries registries,
      Set<String> services,
      Optional<ClusterSchemas> schemas,
      TlsContexts keys) {
    this.keys = keys;
    this.registries = registries;
    this.services = new TreeSet<>(services);
    this.schemas = schemas;
    this.snapshot = new GatewaySnapshot(ServiceRouter.unknown(), Map.of(), config.limits());
  }

  /**
   * Starts a configuration without schemas.
   *
   * @param services the names of the registry's services that are served; empty for all
   * @throws IllegalArgumentException when a registry rejects its URI
   * @throws RegistryException of kind UNSUPPORTED when all services are to be served and the
   *     registry can't list them
   */
  public static LiveConfig open(Registries registries, GatewayConfig config, Set<String> services) {
    return open(
        registries, config, services, Optional.empty(), TlsContexts.open(Metrics.globalRegistry));
  }

  /**
   * Starts a configuration with the schemas of its clusters.
   *
   * @param schemas is given the clusters and knows the gRPC services behind each; closed by {@link
   *     #close}
   * @param keys for clusters with TLS; closed by {@link #close}
   * @throws IllegalArgumentException also when a certificate file can't be used
   */
  public static LiveConfig open(
      Registries registries,
      GatewayConfig config,
      Set<String> services,
      Optional<ClusterSchemas> schemas,
      TlsContexts keys) {
    LiveConfig live = new LiveConfig(registries, services, schemas, keys);
    try {
      // First, or a schema that is known at once is known to nobody.
      schemas.ifPresent(known -> known.onChange(live::refresh));
      live.use(config);
    } catch (RuntimeException e) {
      live.close();
      throw e;
    }
    return live;
  }

  /** The snapshot of routes and clusters that was published last. */
  public synchronized GatewaySnapshot snapshot() {
    return snapshot;
  }

  /** The current terms of the frontends. Does not block. */
  public FrontendOptions frontendOptions() {
    return frontends.options();
  }

  /** Sets the listener of snapshots. The current snapshot is delivered before this returns. */
  public synchronized void follow(Consumer<GatewaySnapshot> gateway) {
    listener = gateway;
    gateway.accept(snapshot);
  }

  /**
   * Waits for the first list of services from the registry.
   *
   * @return whether the list arrived in time; true at once when no registry is asked
   */
  public boolean awaitNames(Duration atMost) throws InterruptedException {
    return namesKnown.await(atMost.toNanos(), TimeUnit.NANOSECONDS);
  }

  /**
   * Replaces the configuration. The new snapshot is delivered before this returns. When this
   * throws, the old configuration stays in effect.
   *
   * @throws IllegalArgumentException when a registry rejects its URI
   * @throws RegistryException of kind UNSUPPORTED, as {@link #open}
   */
  public synchronized void use(GatewayConfig next) {
    FrontendConfig nextFrontends = next.frontends();
    ClusterSchemas.SchemaChange schemaChange =
        schemas
            .map(known -> known.prepared(nextFrontends.descriptorSets(), nextFrontends.json()))
            .orElse(ClusterSchemas.SchemaChange.NONE);
    GatewayConfig before = config;
    FollowedRegistries followedBefore = followed;
    followed = followedBefore.turnedTo(next.registry(), this::opened);
    config = next;
    schemaChange.use().run();
    try {
      publish();
    } catch (RuntimeException e) {
      schemaChange.undo().run();
      config = before;
      followed.closeAllBut(followedBefore);
      followed = followedBefore;
      throw e;
    }
    frontends = nextFrontends;
    followedBefore.closeAllBut(followed);
    if (followed.isKnown()) {
      namesKnown.countDown();
    }
  }

  /** Publishes a snapshot after the schema of a cluster changed. */
  private synchronized void refresh() {
    publish();
  }

  private RegistryServices opened(RegistryUri uri) {
    return RegistryServices.open(registries, uri, services, this::onNames);
  }

  private synchronized void onNames(RegistryServices of) {
    FollowedRegistries before = followed;
    followed = before.settled();
    if (of != followed.served()) {
      return;
    }
    try {
      publish();
    } finally {
      before.closeAllBut(followed);
    }
    log.info("event=services_changed services={}", of.served().size());
    namesKnown.countDown();
  }

  /**
   * Handles a new endpoint list. Publishes if the cluster was kept only for its endpoints and has
   * none left, or if its first endpoints were awaited.
   */
  private synchronized void onList(String name, boolean empty) {
    RegistryServices names = followed.served();
    boolean goes = empty && names != null && names.isLasting(name);
    if (goes) {
      log.info("event=service_removed service={}", name);
    }
    if (goes || held.contains(name)) {
      publish();
    }
  }

  /**
   * Opens new clusters, publishes the snapshot, then closes the clusters that are no longer used.
   */
  private void publish() {
    if (closed) {
      return;
    }
    Map<String, ClusterKey> used = wanted();
    Set<ClusterKey> wanted = new HashSet<>(used.values());
    openAll(wanted);
    used.replaceAll((name, key) -> untilKnown(key));
    Map<String, Cluster> clusters = new HashMap<>();
    used.forEach((name, key) -> clusters.put(name, requireNonNull(open.get(key)).cluster()));
    hold(
        used.values().stream()
            .filter(key -> !wanted.contains(key))
            .map(ClusterKey::name)
            .collect(Collectors.toCollection(TreeSet::new)));
    wanted.addAll(used.values());
    published = used;
    schemas.ifPresent(known -> known.retain(clusters.values()));
    snapshot = new GatewaySnapshot(router(clusters), clusters, config.limits(), config.health());
    listener.accept(snapshot);
    open.entrySet()
        .removeIf(
            entry -> {
              boolean gone = !wanted.contains(entry.getKey());
              if (gone) {
                entry.getValue().close();
              }
              return gone;
            });
  }

  private void openAll(Set<ClusterKey> wanted) {
    Map<ClusterKey, OpenCluster> fresh = new HashMap<>();
    try {
      for (ClusterKey key : wanted) {
        if (!open.containsKey(key)) {
          fresh.put(key, opened(key));
        }
      }
    } catch (RuntimeException e) {
      fresh.values().forEach(OpenCluster::close);
      throw e;
    }
    open.putAll(fresh);
  }

  /**
   * The key to publish: the new cluster, or the previous one until the endpoints of the new one are
   * known.
   */
  private ClusterKey untilKnown(ClusterKey key) {
    ClusterKey before = published.get(key.name());
    return before != null
            && key.isMovedFrom(before)
            && endpoints(key).isEmpty()
            && endpoints(before).filter(list -> !list.isEmpty()).isPresent()
        ? before
        : key;
  }

  private Optional<EndpointSet> endpoints(ClusterKey key) {
    return Optional.ofNullable(open.get(key)).flatMap(known -> known.cluster().endpoints());
  }

  private void hold(Set<String> names) {
    if (!names.isEmpty() && !names.equals(held)) {
      log.info("event=clusters_held clusters={} until=endpoints_known", names);
    }
    held = names;
  }

  private Map<String, ClusterKey> wanted() {
    Map<String, ClusterConfig> wanted = new TreeMap<>();
    RegistryServices names = followed.served();
    if (names != null) {
      for (String name : names.settle(each -> lasts(names, each))) {
        wanted.put(name, ClusterConfig.following(names.target(name), ClusterOptions.DEFAULT));
      }
    }
    wanted.putAll(config.clusters());
    Map<String, ClusterKey> keys = new HashMap<>();
    wanted.forEach(
        (name, cluster) ->
            keys.put(name, new ClusterKey(name, cluster.connectedIn(config.zone()))));
    return keys;
  }

  /** Whether a service that the registry no longer lists still has endpoints, or may have. */
  private boolean lasts(RegistryServices of, String name) {
    ClusterKey key = published.get(name);
    return key != null
        && key.config().target().equals(Optional.of(of.target(name)))
        && endpoints(key).map(list -> !list.isEmpty()).orElse(true);
  }

  private OpenCluster opened(ClusterKey key) {
    ClusterConfig cluster = key.config();
    Optional<TlsClient> tls = cluster.tls().map(keys::client);
    ClusterOptions options = tls.map(cluster.options()::withTls).orElse(cluster.options());
    if (cluster.target().isEmpty()) {
      return new OpenCluster(
          Cluster.fixed(key.name(), cluster.endpoints(), options), Optional.empty(), tls);
    }
    try {
      ServiceTarget target = cluster.target().get();
      Registries.Handle handle = registries.open(target.registry());
      Cluster following =
          Cluster.following(key.name(), handle.directory(), target.service(), options);
      // Not under the lock of the cluster, which is taken within that of this.
      var unused =
          following.listen(
              list ->
                  registries
                      .context()
                      .scheduler()
                      .execute(() -> onList(key.name(), list.isEmpty())));
      return new OpenCluster(following, Optional.of(handle), tls);
    } catch (RuntimeException e) {
      tls.ifPresent(TlsClient::close);
      throw e;
    }
  }

  private Router router(Map<String, Cluster> clusters) {
    Router table =
        new RouteTable(config.routes(), bound -> ThreadLocalRandom.current().nextInt(bound));
    RegistryServices names = followed.served();
    if (names == null) {
      return table;
    }
    Router byService = ServiceRouter.unknown();
    if (names.isKnown()) {
      Map<String, Set<String>> offers = new TreeMap<>();
      Set<String> unheard = new TreeSet<>();
      for (String name : names.served()) {
        Cluster cluster = clusters.get(name);
        offers.put(name, offers(cluster));
        if (cluster != null && schemas.isPresent() && schemas.get().isUnanswered(cluster)) {
          unheard.add(name);
        }
      }
      byService = new ServiceRouter(offers, unheard, RouteOptions.DEFAULT);
    }
    return config.routes().isEmpty() ? byService : new FallbackRouter(table, byService);
  }

  /** The gRPC services of a cluster, from its schema; empty while that is unknown. */
  private Set<String> offers(@Nullable Cluster cluster) {
    return cluster == null
        ? Set.of()
        : schemas.flatMap(known -> known.of(cluster)).map(ServiceSchema::services).orElse(Set.of());
  }

  @Override
  public synchronized void close() {
    closed = true;
    schemas.ifPresent(ClusterSchemas::close);
    followed.closeAllBut(FollowedRegistries.NONE);
    open.values().forEach(OpenCluster::close);
    open.clear();
    keys.close();
  }
}
