package dev.holdfast.control.resources;

import com.google.protobuf.Any;
import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.core.v3.RuntimeFractionalPercent;
import io.envoyproxy.envoy.config.listener.v3.ApiListener;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.envoyproxy.envoy.type.v3.FractionalPercent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The listener of a service as xDS spells it, its routes within.
 *
 * <p>For each method that may be repeated all routes stand once more before the others, with the
 * retry and an end of their own: so a call meets each percentage once.
 */
final class ListenerResource {
  private static final String EVERY_PATH = "/";

  private final String service;
  private final ServicePolicy policy;
  private final ServiceClusters parts;

  private ListenerResource(String service, ServicePolicy policy, ServiceClusters parts) {
    this.service = service;
    this.policy = policy;
    this.parts = parts;
  }

  static Listener of(String service, ServicePolicy policy, ServiceClusters parts) {
    return new ListenerResource(service, policy, parts).listener();
  }

  private Listener listener() {
    RouteConfiguration routes =
        RouteConfiguration.newBuilder()
            .setName(service)
            .addVirtualHosts(
                VirtualHost.newBuilder().setName(service).addDomains("*").addAllRoutes(routes()))
            .build();
    HttpConnectionManager http =
        HttpConnectionManager.newBuilder()
            .setStatPrefix(service)
            .setRouteConfig(routes)
            .addHttpFilters(
                HttpFilter.newBuilder()
                    .setName("envoy.filters.http.router")
                    .setTypedConfig(Any.pack(Router.getDefaultInstance())))
            .build();
    return Listener.newBuilder()
        .setName(service)
        .setApiListener(ApiListener.newBuilder().setApiListener(Any.pack(http)))
        .build();
  }

  private List<Route> routes() {
    List<PolicyRoute> rules = new ArrayList<>(policy.traffic().routes());
    rules.add(
        new PolicyRoute(
            Optional.empty(), List.of(), Percent.ALL, policy.traffic().split(), Optional.empty()));
    List<Route> routes = new ArrayList<>();
    policy
        .retry()
        .ifPresent(
            retry ->
                retry
                    .methods()
                    .forEach(
                        method ->
                            rules.forEach(
                                rule ->
                                    both(rule.path(), method)
                                        .ifPresent(
                                            path ->
                                                routes.add(
                                                    route(
                                                        rule,
                                                        Optional.of(path),
                                                        policy.retry()))))));
    rules.forEach(rule -> routes.add(route(rule, rule.path(), Optional.empty())));
    return routes;
  }

  /** The methods that a rule and a retry are both meant for. */
  private static Optional<PathRule> both(Optional<PathRule> rule, PathRule method) {
    if (rule.isEmpty() || rule.get().covers(method)) {
      return Optional.of(method);
    }
    return method.covers(rule.get()) ? rule : Optional.empty();
  }

  private Route route(PolicyRoute rule, Optional<PathRule> path, Optional<RetryRule> retry) {
    RouteMatch.Builder match = RouteMatch.newBuilder();
    if (path.isPresent() && !path.get().prefix()) {
      match.setPath(path.get().path());
    } else {
      match.setPrefix(path.map(PathRule::path).orElse(EVERY_PATH));
    }
    rule.headers().forEach(header -> match.addHeaders(header(header)));
    if (!rule.percent().equals(Percent.ALL)) {
      match.setRuntimeFraction(
          RuntimeFractionalPercent.newBuilder()
              .setDefaultValue(
                  FractionalPercent.newBuilder()
                      .setNumerator(rule.percent().hundredths())
                      .setDenominator(FractionalPercent.DenominatorType.TEN_THOUSAND)));
    }
    return Route.newBuilder().setMatch(match).setRoute(action(rule, retry)).build();
  }

  private RouteAction action(PolicyRoute rule, Optional<RetryRule> retry) {
    RouteAction.Builder action = RouteAction.newBuilder();
    List<ServiceClusters.ClusterShare> clusterShares = parts.shares(rule.to());
    if (clusterShares.size() == 1) {
      action.setCluster(clusterShares.get(0).cluster());
    } else {
      WeightedCluster.Builder weighted = WeightedCluster.newBuilder();
      clusterShares.forEach(
          clusterShare ->
              weighted.addClusters(
                  WeightedCluster.ClusterWeight.newBuilder()
                      .setName(clusterShare.cluster())
                      .setWeight(UInt32Value.of(clusterShare.weight()))));
      action.setWeightedClusters(weighted);
    }
    timeouts(action, rule.timeout().or(policy::timeout));
    retry.ifPresent(r -> action.setRetryPolicy(retryPolicy(r)));
    if (policy.balancer().kind() == LbPolicyRule.LbPolicyKind.RING_HASH) {
      action.addHashPolicy(
          RouteAction.HashPolicy.newBuilder()
              .setHeader(
                  RouteAction.HashPolicy.Header.newBuilder()
                      .setHeaderName(policy.balancer().hashHeader())));
    }
    return action.build();
  }

  /** gRPC uses the maximum of a stream only, Envoy both; its own default cuts at 15 s. */
  private static void timeouts(RouteAction.Builder action, Optional<java.time.Duration> timeout) {
    action.setTimeout(ProtoDuration.of(java.time.Duration.ZERO));
    timeout.ifPresent(
        limit ->
            action.setMaxStreamDuration(
                RouteAction.MaxStreamDuration.newBuilder()
                    .setMaxStreamDuration(ProtoDuration.of(limit))
                    .setGrpcTimeoutHeaderMax(ProtoDuration.of(limit))));
  }

  private static RetryPolicy retryPolicy(RetryRule rule) {
    return RetryPolicy.newBuilder()
        .setRetryOn(String.join(",", rule.on()))
        .setNumRetries(UInt32Value.of(rule.attempts() - 1))
        .setRetryBackOff(
            RetryPolicy.RetryBackOff.newBuilder()
                .setBaseInterval(ProtoDuration.of(rule.backoff()))
                .setMaxInterval(ProtoDuration.of(rule.maxBackoff())))
        .build();
  }

  private static HeaderMatcher header(HeaderRule rule) {
    HeaderMatcher.Builder matcher = HeaderMatcher.newBuilder().setName(rule.name());
    return switch (rule.test()) {
      case PRESENT ->
          matcher.setPresentMatch(true).setInvertMatch(rule.value().equals("false")).build();
      case EXACT ->
          matcher.setStringMatch(StringMatcher.newBuilder().setExact(rule.value())).build();
      case PREFIX ->
          matcher.setStringMatch(StringMatcher.newBuilder().setPrefix(rule.value())).build();
      case SUFFIX ->
          matcher.setStringMatch(StringMatcher.newBuilder().setSuffix(rule.value())).build();
      case CONTAINS ->
          matcher.setStringMatch(StringMatcher.newBuilder().setContains(rule.value())).build();
    };
  }
}
