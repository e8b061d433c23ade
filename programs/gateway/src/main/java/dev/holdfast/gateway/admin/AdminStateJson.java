package dev.holdfast.gateway.admin;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.JsonTextWriter;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.Gateway;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.EndpointHealthStatus;
import dev.holdfast.gateway.cluster.EndpointView;
import dev.holdfast.gateway.cluster.HealthCheckResult;
import dev.holdfast.gateway.loop.LoopView;
import dev.holdfast.gateway.route.HeaderMatch;
import dev.holdfast.gateway.route.RouteRule;
import dev.holdfast.gateway.route.RouteTarget;
import dev.holdfast.gateway.traffic.CallStatisticsKey;
import dev.holdfast.gateway.traffic.CallStatisticsTotals;
import dev.holdfast.gateway.traffic.Distribution;
import dev.holdfast.gateway.traffic.Outcomes;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Serializer of the gateway's state to JSON, for the admin page and {@code holdfast gateway
 * status}.
 */
final class AdminStateJson {
  @Limit(
      of = "routes, clusters or methods that one answer of the admin page lists",
      then = "the first or busiest ones are listed, and how many more there are")
  static final int MAX_ROWS = 500;

  @Limit(
      of = "endpoints of one cluster that the admin page lists",
      then = "the first ones are listed, and how many more there are")
  static final int MAX_ENDPOINTS = 200;

  @Limit(
      of = "bindings of one cluster that are not served and that the admin page lists",
      then = "the first ones are listed, and how many more there are")
  static final int MAX_REJECTED = 100;

  private static final double NANOS_PER_SECOND = 1e9;
  private static final double NANOS_PER_MILLI = 1e6;
  private static final double MILLIS_PER_SECOND = 1e3;
  private static final double PERCENT = 100;
  private static final double MEDIAN = 0.5;
  private static final double SLOW = 0.99;

  private final Gateway gateway;
  private final Function<Cluster, List<String>> rejected;
  private final List<LoopView> loops;
  private final RecentTraffic.TrafficWindow trafficWindow;
  private final JsonTextWriter out = new JsonTextWriter();

  private AdminStateJson(
      Gateway gateway,
      Function<Cluster, List<String>> rejected,
      List<LoopView> loops,
      RecentTraffic.TrafficWindow trafficWindow) {
    this.gateway = gateway;
    this.rejected = rejected;
    this.loops = loops;
    this.trafficWindow = trafficWindow;
  }

  static String json(
      Gateway gateway,
      Function<Cluster, List<String>> rejected,
      ConfigStatus.ConfigStatusSnapshot config,
      List<LoopView> loops,
      RecentTraffic.TrafficWindow trafficWindow) {
    AdminStateJson state = new AdminStateJson(gateway, rejected, loops, trafficWindow);
    state.whole();
    state.config(config);
    state.routes(config.config().routes());
    state.clusters(gateway.snapshot().clusters().values());
    state.methods();
    return state.out.endObject().toString();
  }

  /** Traffic of one route, cluster or method: since the start, and within the recent window. */
  private record Both(CallStatisticsTotals all, CallStatisticsTotals recent) {
    Both() {
      this(new CallStatisticsTotals(), new CallStatisticsTotals());
    }
  }

  private Map<String, Both> by(Function<CallStatisticsKey, String> key) {
    Map<String, Both> sums = new TreeMap<>();
    trafficWindow
        .sums()
        .forEach(
            (kind, each) -> sums.computeIfAbsent(key.apply(kind), k -> new Both()).all().add(each));
    trafficWindow
        .recent()
        .forEach(
            (kind, each) ->
                sums.computeIfAbsent(key.apply(kind), k -> new Both()).recent().add(each));
    return sums;
  }

  private void whole() {
    out.object().with("state", gateway.isDraining() ? "DRAINING" : "SERVING");
    out.with("uptimeSeconds", gateway.uptime().toMillis() / MILLIS_PER_SECOND);
    out.with("windowSeconds", trafficWindow.seconds());
    out.array("listeners");
    for (InetSocketAddress each : gateway.addresses()) {
      out.object().with("address", text(each)).endObject();
    }
    out.endArray();
    out.with("threads", loops.size());
    out.with("clientConnections", loops.stream().mapToLong(LoopView::clients).sum());
    out.with("splicedConnections", loops.stream().mapToLong(LoopView::tcpProxied).sum());
    out.object("total");
    numbers(by(kind -> "").getOrDefault("", new Both()), CallStatisticsTotals::calls);
    out.endObject();
  }

  private void config(ConfigStatus.ConfigStatusSnapshot configStatusSnapshot) {
    out.object("config")
        .withAny("source", configStatusSnapshot.source())
        .with("hash", configStatusSnapshot.hash());
    out.with("appliedAt", configStatusSnapshot.appliedAt().toString());
    if (!configStatusSnapshot.refusal().isEmpty()) {
      out.with("refusedAt", configStatusSnapshot.refusedAt().toString())
          .with("refused", configStatusSnapshot.refusal());
    }
    out.endObject();
  }

  private void routes(List<RouteRule> rules) {
    Map<String, Both> calls = by(CallStatisticsKey::route);
    calls.remove("");
    out.array("routes");
    int left = MAX_ROWS;
    for (RouteRule rule : rules.subList(0, Math.min(left, rules.size()))) {
      Both each = calls.remove(rule.name());
      route(rule.name(), match(rule), target(rule.target()), each == null ? new Both() : each);
      left--;
    }
    int hidden = Math.max(0, calls.size() - left) + Math.max(0, rules.size() - MAX_ROWS);
    calls.entrySet().stream()
        .limit(left)
        .forEach(
            each ->
                route(each.getKey(), "by service or authority", each.getKey(), each.getValue()));
    out.endArray().with("moreRoutes", hidden);
  }

  private void route(String name, String match, String target, Both calls) {
    out.object().with("route", name).with("match", match).with("target", target);
    numbers(calls, CallStatisticsTotals::calls);
    out.endObject();
  }

  private void clusters(Collection<Cluster> clusters) {
    Map<String, Both> attempts = by(CallStatisticsKey::cluster);
    out.array("clusters");
    clusters.stream()
        .sorted(Comparator.comparing(Cluster::name))
        .limit(MAX_ROWS)
        .forEach(
            each -> {
              out.object().with("cluster", each.name());
              out.with("balance", each.options().clusterLbPolicy().name().toLowerCase(Locale.ROOT));
              out.with("known", each.endpoints().isPresent()).withAny("trouble", each.trouble());
              numbers(
                  attempts.getOrDefault(each.name(), new Both()), CallStatisticsTotals::attempts);
              endpoints(each);
              rejected(each);
              out.endObject();
            });
    out.endArray().with("moreClusters", Math.max(0, clusters.size() - MAX_ROWS));
  }

  private void rejected(Cluster cluster) {
    List<String> all = rejected.apply(cluster);
    out.array("rejected");
    for (String each : all.subList(0, Math.min(MAX_REJECTED, all.size()))) {
      out.object().with("what", each).endObject();
    }
    out.endArray().with("moreRejected", Math.max(0, all.size() - MAX_REJECTED));
  }

  private void endpoints(Cluster cluster) {
    Map<String, List<EndpointView>> views =
        loops.stream()
            .flatMap(loop -> loop.endpoints().getOrDefault(cluster.name(), List.of()).stream())
            .collect(Collectors.groupingBy(EndpointView::address));
    List<Endpoint> listed = cluster.endpoints().map(set -> set.endpoints()).orElse(List.of());
    out.array("endpoints");
    for (Endpoint each : listed.subList(0, Math.min(MAX_ENDPOINTS, listed.size()))) {
      String address = each.address().toString();
      List<EndpointView> seen = views.getOrDefault(address, List.of());
      String trouble =
          seen.stream().map(EndpointView::trouble).filter(t -> !t.isEmpty()).findFirst().orElse("");
      int connections = seen.stream().mapToInt(EndpointView::connections).sum();
      int ready = seen.stream().mapToInt(EndpointView::ready).sum();
      out.object().with("address", address).withAny("zone", each.zone());
      out.withAny("instance", each.instance()).with("weight", each.weight());
      Optional<HealthCheckResult> checked = cluster.health(each.address());
      out.with("health", health(each, checked, seen, connections, ready));
      out.withAny("trouble", trouble);
      ejected(seen);
      checked.ifPresent(this::checked);
      cluster
          .age(each.address())
          .ifPresent(age -> out.with("ageSeconds", age.toMillis() / MILLIS_PER_SECOND));
      out.with("connections", connections).with("ready", ready);
      out.with("open", seen.stream().mapToInt(EndpointView::openCalls).sum());
      out.with("waiting", seen.stream().mapToInt(EndpointView::waiting).sum()).endObject();
    }
    out.endArray().with("moreEndpoints", Math.max(0, listed.size() - MAX_ENDPOINTS));
  }

  private void checked(HealthCheckResult checked) {
    if (checked.health() != EndpointHealthStatus.UNCHECKED) {
      out.with("check", checked.health().name()).withAny("checkNote", checked.why());
      out.with("checkSeconds", checked.ageNanos() / NANOS_PER_SECOND);
      out.with("checkLeavesOut", checked.leftOut());
    }
  }

  private void ejected(List<EndpointView> seen) {
    seen.stream()
        .flatMap(view -> Stream.ofNullable(view.ejected()))
        .findFirst()
        .ifPresent(
            why ->
                out.with("ejectedFor", why.reason())
                    .with("backInSeconds", why.backNanos() / NANOS_PER_SECOND));
  }

  /**
   * The health that is shown for an endpoint: what the registry and health checks say takes
   * precedence over the state of connections.
   */
  private static String health(
      Endpoint endpoint,
      Optional<HealthCheckResult> checked,
      List<EndpointView> seen,
      int connections,
      int ready) {
    if (endpoint.draining()) {
      return "draining";
    }
    if (!endpoint.ready()) {
      return "unready";
    }
    if (checked.isPresent() && checked.get().isUnhealthy()) {
      return "unhealthy";
    }
    if (seen.stream().anyMatch(view -> view.ejected() != null)) {
      return "ejected";
    }
    if (seen.stream().anyMatch(each -> !each.trouble().isEmpty())) {
      return "unreachable";
    }
    if (connections == 0) {
      return "idle";
    }
    return ready > 0 ? "connected" : "doubtful";
  }

  private void methods() {
    List<Map.Entry<String, Both>> methods =
        new ArrayList<>(by(CallStatisticsKey::method).entrySet());
    methods.removeIf(each -> each.getValue().all().started() == 0);
    methods.sort(Comparator.comparingLong(each -> -each.getValue().all().started()));
    out.array("methods");
    for (Map.Entry<String, Both> each : methods.subList(0, Math.min(MAX_ROWS, methods.size()))) {
      out.object().with("method", each.getKey());
      numbers(each.getValue(), CallStatisticsTotals::calls);
      out.endObject();
    }
    out.endArray().with("moreMethods", Math.max(0, methods.size() - MAX_ROWS));
  }

  private void numbers(Both both, Function<CallStatisticsTotals, Outcomes> side) {
    Outcomes all = side.apply(both.all());
    Outcomes recent = side.apply(both.recent());
    Distribution nanos = recent.nanos();
    out.with("ended", all.count()).with("failed", failed(all)).with("open", both.all().open());
    out.with("perSecond", recent.count() / trafficWindow.seconds());
    out.with("failedPercent", PERCENT * failed(recent) / Math.max(1, recent.count()));
    if (recent.count() > 0) {
      out.with("p50Millis", nanos.quantile(MEDIAN) / NANOS_PER_MILLI);
      out.with("p99Millis", nanos.quantile(SLOW) / NANOS_PER_MILLI);
    }
    out.object("byStatus");
    all.byStatus().forEach((status, each) -> out.with(status.name(), each.nanos().count()));
    out.endObject();
  }

  private static long failed(Outcomes outcomes) {
    Outcomes.OutcomeDistributions ok = outcomes.byStatus().get(GrpcStatusCode.OK);
    return outcomes.count() - (ok == null ? 0 : ok.nanos().count());
  }

  /**
   * Describes a match as text. Header tests appear by name only, because their values may be
   * secrets.
   */
  private static String match(RouteRule rule) {
    String headers =
        rule.match().headers().stream().map(HeaderMatch::name).collect(Collectors.joining(", "));
    return rule.match().authority()
        + " "
        + rule.match().path()
        + (headers.isEmpty() ? "" : " with " + headers);
  }

  private static String target(RouteTarget target) {
    if (target.shares().size() == 1) {
      return target.shares().get(0).cluster();
    }
    return target.shares().stream()
        .map(each -> each.cluster() + " " + each.hundredths() / PERCENT + "%")
        .collect(Collectors.joining(", "));
  }

  private static String text(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + address.getPort();
  }
}
