package dev.holdfast.gateway.config;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.TunableDuration;
import dev.holdfast.core.TunableNumber;
import dev.holdfast.gateway.DrainTimes;
import dev.holdfast.gateway.access.AccessLogPath;
import dev.holdfast.gateway.cluster.ClusterLbPolicy;
import dev.holdfast.gateway.cluster.ClusterOptions;
import dev.holdfast.gateway.cluster.ConnectionOptions;
import dev.holdfast.gateway.cluster.LoadBalancingOptions;
import dev.holdfast.gateway.cluster.OutlierOptions;
import dev.holdfast.gateway.cluster.RetryBudgetOptions;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.route.RouteRule;
import dev.holdfast.yaml.YamlException;
import dev.holdfast.yaml.YamlMap;
import dev.holdfast.yaml.YamlProblems;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Parser of a gateway's file: turns text into a {@link GatewayConfig}, or throws with all problems
 * in it. Free of side effects, but reads the files that the text names.
 */
public final class GatewayYaml {
  private final YamlMap top;
  private final Function<String, ServiceTarget> targets;
  private final Optional<RegistryUri> registry;
  private final TlsFileLocation place;
  private final TlsYaml tls;

  private GatewayYaml(
      YamlMap top,
      Function<String, ServiceTarget> targets,
      Optional<RegistryUri> registry,
      TlsFileLocation place) {
    this.top = top;
    this.targets = targets;
    this.registry = registry;
    this.place = place;
    this.tls = new TlsYaml(place);
  }

  /**
   * Parses a configuration whose relative file names are resolved as {@link TlsFileLocation#HERE}
   * says.
   *
   * @param source the name of the text in error messages, such as its file name
   * @param targets resolves a target URI; throws IllegalArgumentException for an invalid one
   * @param registry the registry of the command line, used when the file names none
   * @throws YamlException with every problem as {@code source:line: key: value (expected: ..)}
   */
  public static GatewayConfig parse(
      String source,
      String text,
      Function<String, ServiceTarget> targets,
      Optional<RegistryUri> registry) {
    return parse(source, text, targets, registry, TlsFileLocation.HERE);
  }

  /**
   * Parses a configuration whose files are in a given place.
   *
   * @param place the folder of certificates and keys; files that are not in use yet are read and
   *     must be valid
   * @throws YamlException with every problem as {@code source:line: key: value (expected: ..)}
   */
  public static GatewayConfig parse(
      String source,
      String text,
      Function<String, ServiceTarget> targets,
      Optional<RegistryUri> registry,
      TlsFileLocation place) {
    YamlProblems problems = new YamlProblems(source);
    YamlMap top = YamlMap.read(problems, text, "a map with keys such as clusters and routes");
    GatewayConfig config = new GatewayYaml(top, targets, registry, place).read();
    problems.throwIfAny();
    return config;
  }

  private GatewayConfig read() {
    top.requireKnown(GatewayKeys.FILE.names());
    Optional<RegistryUri> ofFile =
        top.parsed("registry", GatewayKeys.REGISTRY.expected(), this::registryUri);
    Optional<RegistryUri> effective = ofFile.isPresent() ? ofFile : registry;
    Map<String, ClusterConfig> clusters = clusters(effective);
    List<ListenerConfig> listeners = new ListenerYaml(top, tls, clusters).read();
    List<RouteRule> routes = new RouteYaml(top, clusters.keySet()).read();
    String zone = top.text("zone", EndpointKeys.ZONE.expected()).orElse("");
    return new GatewayConfig(listeners, effective, clusters, routes, limits(), drain())
        .withZone(zone)
        .withFrontends(new FrontendYaml(top, place).read())
        .withObservability(seeing());
  }

  private RegistryUri registryUri(String name, String text) {
    RegistryUri uri = RegistryUri.parse(text);
    // Unknown schemes are reported by the parser of targets.
    try {
      requireNoPassword(uri);
      var unused = targets.apply(uri.withNamespace("any").toString());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
    }
    return uri;
  }

  private static void requireNoPassword(RegistryUri uri) {
    if (uri.userInfo().contains(":")) {
      throw new IllegalArgumentException(
          "a URI with a password (expected: none; it is read from the file that"
              + " HOLDFAST_REGISTRY_PASSWORD_FILE names)");
    }
  }

  private ObservabilityConfig seeing() {
    boolean off =
        top.parsed("admin", GatewayKeys.ADMIN.expected(), (name, text) -> text)
            .filter(GatewayKeys.NONE::equals)
            .isPresent();
    return new ObservabilityConfig(
        off
            ? Optional.empty()
            : top.parsed("admin", GatewayKeys.ADMIN.expected(), ListenerYaml::address),
        off,
        top.parsed("access-log", GatewayKeys.ACCESS_LOG.expected(), this::logPlace));
  }

  private String logPlace(String name, String text) {
    boolean file = !text.equals(GatewayKeys.NONE) && !text.equals(GatewayKeys.STANDARD_OUTPUT);
    if (file && !place.inUse().contains(Path.of(text))) {
      AccessLogPath.require(name, Path.of(text));
    }
    return text;
  }

  private Map<String, ClusterConfig> clusters(Optional<RegistryUri> effective) {
    YamlMap all = top.map(GatewayKeys.CLUSTERS, "names, each with a cluster");
    atMost(GatewayKeys.CLUSTERS, all.keys().size(), GatewayKeys.MAX_CLUSTERS);
    Map<String, ClusterConfig> clusters = new LinkedHashMap<>();
    for (String name : all.keys()) {
      YamlMap cluster = all.map(name, "keys such as target and balance");
      cluster.requireKnown(GatewayKeys.CLUSTER_KEYS.names());
      EndpointSet endpoints = endpoints(cluster);
      Optional<ServiceTarget> target =
          cluster.has("endpoints") ? Optional.empty() : target(all, cluster, name, effective);
      if (cluster.has("endpoints") && cluster.has("target")) {
        cluster.problem("target", "beside endpoints", "one of the two");
      }
      clusters.put(
          name,
          new ClusterConfig(
              target, endpoints, options(cluster), tls.ofCluster(cluster), HealthYaml.of(cluster)));
    }
    return clusters;
  }

  private Optional<ServiceTarget> target(
      YamlMap all, YamlMap cluster, String name, Optional<RegistryUri> effective) {
    if (cluster.has("target")) {
      return cluster.parsed("target", GatewayKeys.TARGET.expected(), this::target);
    }
    if (effective.isEmpty()) {
      all.problem(name, "neither target nor endpoints", "one of them, or registry: URI");
      return Optional.empty();
    }
    try {
      return Optional.of(ServiceTarget.in(effective.get(), ServiceName.parse(name)));
    } catch (IllegalArgumentException e) {
      all.problem(name, "not the name of a service", "target, endpoints or the name of a service");
      return Optional.empty();
    }
  }

  private ServiceTarget target(String name, String text) {
    try {
      requireNoPassword(RegistryUri.parse(text));
      return targets.apply(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
    }
  }

  private EndpointSet endpoints(YamlMap cluster) {
    YamlMap items = cluster.list("endpoints", GatewayKeys.ENDPOINTS.expected());
    if (cluster.has("endpoints") && items.keys().isEmpty() && !cluster.hasProblem("endpoints")) {
      cluster.problem("endpoints", "none", GatewayKeys.ENDPOINTS.expected());
    }
    if (items.keys().size() > GatewayKeys.MAX_ENDPOINTS) {
      cluster.problem(
          "endpoints", items.keys().size() + " endpoints", "at most " + GatewayKeys.MAX_ENDPOINTS);
    }
    List<Endpoint> endpoints = new ArrayList<>();
    for (String item : items.keys()) {
      items.parsed(item, "host:port", GatewayYaml::endpoint).ifPresent(endpoints::add);
    }
    return EndpointSet.of(endpoints);
  }

  private static Endpoint endpoint(String name, String text) {
    try {
      return Endpoint.of(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          name + ": " + text + " (expected: host:port, an IPv6 host in brackets)", e);
    }
  }

  private static ClusterOptions options(YamlMap cluster) {
    ClusterLbPolicy clusterLbPolicy =
        cluster
            .parsed("balance", GatewayKeys.BALANCE.expected(), GatewayYaml::balance)
            .orElse(ClusterOptions.DEFAULT.clusterLbPolicy());
    Duration age = duration(cluster, EndpointKeys.CONNECTION_AGE);
    if (!age.isZero() && age.compareTo(Duration.ofSeconds(1)) < 0) {
      cluster.problem(EndpointKeys.CONNECTION_AGE.key(), "less than 1s", "0s, or 1s to 24h");
      age = Duration.ZERO;
    }
    YamlMap outliers = cluster.map(EndpointKeys.OUTLIERS, "keys such as faults and ejection");
    outliers.requireKnown(EndpointKeys.OUTLIER_KEYS.names());
    YamlMap retries = cluster.map(EndpointKeys.RETRIES, "keys such as percent and burst");
    retries.requireKnown(EndpointKeys.RETRY_KEYS.names());
    return new ClusterOptions(
        new LoadBalancingOptions(clusterLbPolicy, "", duration(cluster, EndpointKeys.SLOW_START)),
        new ConnectionOptions(
            number(cluster, GatewayKeys.MAX_CONNECTIONS),
            duration(cluster, GatewayKeys.CONNECT_TIMEOUT),
            age),
        new OutlierOptions(
            number(outliers, EndpointKeys.FAULTS),
            duration(outliers, EndpointKeys.WITHIN),
            duration(outliers, EndpointKeys.EJECTION),
            number(outliers, EndpointKeys.MOST_PERCENT)),
        new RetryBudgetOptions(
            number(retries, EndpointKeys.RETRY_PERCENT), number(retries, EndpointKeys.RETRY_BURST)),
        Optional.empty());
  }

  private static ClusterLbPolicy balance(String name, String text) {
    if (!GatewayKeys.BALANCE.words().contains(text)) {
      throw new IllegalArgumentException(
          name + ": " + text + " (expected: " + GatewayKeys.BALANCE.expected() + ")");
    }
    return ClusterLbPolicy.valueOf(text.toUpperCase(Locale.ROOT));
  }

  private GatewayLimits limits() {
    YamlMap limits = top.map(GatewayKeys.LIMITS, "keys such as streams and idle");
    limits.requireKnown(GatewayKeys.LIMIT_KEYS.names());
    int window = number(limits, GatewayKeys.STREAM_WINDOW_BYTES);
    int connection = number(limits, GatewayKeys.CONNECTION_BYTES);
    if (connection < window) {
      limits.problem(
          "connection-bytes", Integer.toString(connection), "at least stream-window-bytes");
      connection = window;
    }
    return new GatewayLimits(
        number(limits, GatewayKeys.CONNECTIONS),
        number(limits, GatewayKeys.STREAMS),
        number(limits, GatewayKeys.HEADER_LIST_BYTES),
        window,
        connection,
        duration(limits, GatewayKeys.HANDSHAKE),
        duration(limits, GatewayKeys.IDLE));
  }

  private DrainTimes drain() {
    YamlMap drain = top.map(GatewayKeys.DRAIN, "keys such as unary and streams");
    drain.requireKnown(GatewayKeys.DRAIN_KEYS.names());
    Duration unary = duration(drain, GatewayKeys.UNARY);
    Duration streams = duration(drain, GatewayKeys.DRAIN_STREAMS);
    if (streams.compareTo(unary) < 0) {
      drain.problem("streams", "shorter than unary", "at least unary");
      streams = unary;
    }
    return new DrainTimes(duration(drain, GatewayKeys.ACKNOWLEDGE), unary, streams);
  }

  private void atMost(String key, int size, int most) {
    if (size > most) {
      top.problem(key, size + " " + key, "at most " + most);
    }
  }

  static Duration duration(YamlMap map, TunableDuration bounds) {
    return map.duration(bounds.key(), bounds).orElse(bounds.defaultValue());
  }

  static int number(YamlMap map, TunableNumber bounds) {
    return map.number(bounds.key(), bounds).orElse(bounds.wholeDefault());
  }
}
