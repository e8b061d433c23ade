package dev.holdfast.gateway.config;

import dev.holdfast.core.RegistryUri;
import dev.holdfast.gateway.DrainTimes;
import dev.holdfast.gateway.health.HealthOptions;
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
 * All that a gateway's file says. Immutable.
 *
 * @param listeners where clients are served; empty when the file does not say it
 * @param registry whose services are clusters of their names, without a route of their own; empty
 *     for none
 * @param clusters by name
 * @param routes of which the most specific one is taken
 * @param limits of connections that are accepted from now on
 * @param drain how much time is left to whom when the gateway closes
 * @param zone where the gateway stands, whose endpoints come first; "" for nowhere
 * @param seeing who may see what it does
 * @param faces how clients without gRPC are served
 */
public record GatewayConfig(
    List<ListenerConfig> listeners,
    Optional<RegistryUri> registry,
    Map<String, ClusterConfig> clusters,
    List<RouteRule> routes,
    GatewayLimits limits,
    DrainTimes drain,
    String zone,
    SeeingConfig seeing,
    FacesConfig faces) {
  /** What an empty file says. */
  public static final GatewayConfig EMPTY =
      new GatewayConfig(
          List.of(),
          Optional.empty(),
          Map.of(),
          List.of(),
          GatewayLimits.DEFAULT,
          DrainTimes.DEFAULT,
          "",
          SeeingConfig.DEFAULT,
          FacesConfig.DEFAULT);

  public GatewayConfig {
    listeners = List.copyOf(listeners);
    clusters = Map.copyOf(clusters);
    routes = List.copyOf(routes);
  }

  /** Of a gateway that stands nowhere in particular, with the admin page at its usual place. */
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
        SeeingConfig.DEFAULT,
        FacesConfig.DEFAULT);
  }

  /** Where the gateway stands. */
  public GatewayConfig withZone(String value) {
    return new GatewayConfig(
        listeners, registry, clusters, routes, limits, drain, value, seeing, faces);
  }

  /** Who may see what it does. */
  public GatewayConfig withSeeing(SeeingConfig value) {
    return new GatewayConfig(
        listeners, registry, clusters, routes, limits, drain, zone, value, faces);
  }

  /** How clients without gRPC are served. */
  public GatewayConfig withFaces(FacesConfig value) {
    return new GatewayConfig(
        listeners, registry, clusters, routes, limits, drain, zone, seeing, value);
  }

  /** The files of certificates and keys that it names. */
  public Set<Path> tlsFiles() {
    Set<Path> files = new HashSet<>();
    listeners.forEach(listener -> listener.tls().ifPresent(tls -> files.addAll(tls.files())));
    clusters.values().forEach(each -> each.tls().ifPresent(tls -> files.addAll(tls.files())));
    return files;
  }

  /** How the endpoints of clusters are checked, by name; of those that are. */
  public Map<String, HealthOptions> health() {
    Map<String, HealthOptions> health = new HashMap<>();
    clusters.forEach((name, each) -> each.health().ifPresent(how -> health.put(name, how)));
    return health;
  }

  /** The files that are followed beside the one that it was read from, and the log of calls. */
  public Set<Path> filesInUse() {
    Set<Path> files = tlsFiles();
    faces.descriptorSets().values().forEach(files::addAll);
    seeing.accessLog().map(Path::of).ifPresent(files::add);
    return files;
  }

  /** Whether it has nobody to whom a call could go. */
  public boolean leadsNowhere() {
    return registry.isEmpty() && clusters.isEmpty();
  }

  /** With the services of another registry, or of one where there was none. */
  public GatewayConfig withRegistry(RegistryUri value) {
    return new GatewayConfig(
        listeners, Optional.of(value), clusters, routes, limits, drain, zone, seeing, faces);
  }
}
