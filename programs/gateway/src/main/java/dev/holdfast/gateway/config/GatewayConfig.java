package dev.holdfast.gateway.config;

import dev.holdfast.core.RegistryUri;
import dev.holdfast.gateway.DrainTimes;
import dev.holdfast.gateway.health.HealthCheckOptions;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.route.RouteRule;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The parsed configuration of a gateway. Immutable.
 *
 * @param listeners the listeners; empty when the file has none
 * @param registry the registry whose services become clusters of the same name, without routes of
 *     their own; empty for none
 * @param clusters by name
 * @param routes in any order; the most specific match wins
 * @param limits for connections that are accepted from now on
 * @param drain the deadlines of a graceful shutdown
 * @param zone the gateway's zone, whose endpoints are preferred; "" for none
 * @param observability the admin page and the access log
 * @param frontends the frontends for clients without gRPC
 */
public record GatewayConfig(
    List<ListenerConfig> listeners,
    Optional<RegistryUri> registry,
    Map<String, ClusterConfig> clusters,
    List<RouteRule> routes,
    GatewayLimits limits,
    DrainTimes drain,
    String zone,
    ObservabilityConfig observability,
    FrontendConfig frontends) {
  /** The configuration of an empty file. */
  public static final GatewayConfig EMPTY =
      new GatewayConfig(
          List.of(),
          Optional.empty(),
          Map.of(),
          List.of(),
          GatewayLimits.DEFAULT,
          DrainTimes.DEFAULT,
          "",
          ObservabilityConfig.DEFAULT,
          FrontendConfig.DEFAULT);

  public GatewayConfig {
    listeners = List.copyOf(listeners);
    clusters = Map.copyOf(clusters);
    routes = List.copyOf(routes);
  }

  /** A configuration without a zone, with the default admin page and frontends. */
  public GatewayConfig(
      List<ListenerConfig> listeners,
      Optional<RegistryUri> registry,
      Map<String, ClusterConfig> clusters,
      List<RouteRule> routes,
      GatewayLimits limits,
      DrainTimes drain) {
    this(
        listeners,
        registry,
        clusters,
        routes,
        limits,
        drain,
        "",
        ObservabilityConfig.DEFAULT,
        FrontendConfig.DEFAULT);
  }

  /** A copy with another zone; "" for none. */
  public GatewayConfig withZone(String value) {
    return new GatewayConfig(
        listeners, registry, clusters, routes, limits, drain, value, observability, frontends);
  }

  /** A copy with other settings of the admin page and the access log. */
  public GatewayConfig withObservability(ObservabilityConfig value) {
    return new GatewayConfig(
        listeners, registry, clusters, routes, limits, drain, zone, value, frontends);
  }

  /** A copy with other frontends. */
  public GatewayConfig withFrontends(FrontendConfig value) {
    return new GatewayConfig(
        listeners, registry, clusters, routes, limits, drain, zone, observability, value);
  }

  /** The certificate and key files of all listeners and clusters. */
  public Set<Path> tlsFiles() {
    Set<Path> files = new HashSet<>();
    listeners.forEach(listener -> listener.tls().ifPresent(tls -> files.addAll(tls.files())));
    clusters.values().forEach(each -> each.tls().ifPresent(tls -> files.addAll(tls.files())));
    return files;
  }

  /** The health checks by cluster name, for clusters that have any. */
  public Map<String, HealthCheckOptions> health() {
    Map<String, HealthCheckOptions> health = new HashMap<>();
    clusters.forEach((name, each) -> each.health().ifPresent(how -> health.put(name, how)));
    return health;
  }

  /**
   * The files besides the configuration file: certificates and keys, descriptor sets, and the
   * access log.
   */
  public Set<Path> filesInUse() {
    Set<Path> files = tlsFiles();
    frontends.descriptorSets().values().forEach(files::addAll);
    observability.accessLog().map(Path::of).ifPresent(files::add);
    return files;
  }

  /**
   * Whether the configuration has neither clusters nor a registry, so that no call could be routed.
   */
  public boolean hasNoUpstreams() {
    return registry.isEmpty() && clusters.isEmpty();
  }

  /** A copy with another registry. */
  public GatewayConfig withRegistry(RegistryUri value) {
    return new GatewayConfig(
        listeners,
        Optional.of(value),
        clusters,
        routes,
        limits,
        drain,
        zone,
        observability,
        frontends);
  }
}
