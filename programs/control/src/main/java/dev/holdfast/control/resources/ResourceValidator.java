package dev.holdfast.control.resources;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.LoadBalancingPolicy;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The validation rules that gRPC clients apply to resources, checked on the encoded messages and
 * not on their sources. A resource that breaks a rule is rejected by at least one of the clients,
 * together with all resources of its response.
 */
final class ResourceValidator {
  private static final long LARGEST_UINT32 = 0xFFFF_FFFFL;

  private final List<String> problems = new ArrayList<>();

  private ResourceValidator() {}

  /** The rule violations in the resources of one service; empty when clients accept them. */
  static List<String> problems(
      Listener listener,
      Collection<Cluster> clusters,
      Collection<ClusterLoadAssignment> assignments) {
    ResourceValidator rules = new ResourceValidator();
    Set<String> names = clusters.stream().map(Cluster::getName).collect(Collectors.toSet());
    rules.demand(names.size() == clusters.size(), "a cluster stands there twice");
    rules.listener(listener, names);
    clusters.forEach(rules::cluster);
    assignments.forEach(rules::assignment);
    rules.demand(
        names.equals(
            assignments.stream()
                .map(ClusterLoadAssignment::getClusterName)
                .collect(Collectors.toSet())),
        "clusters and their endpoints differ");
    return rules.problems;
  }

  private void listener(Listener listener, Set<String> clusters) {
    Optional<HttpConnectionManager> http = httpOf(listener);
    demand(http.isPresent(), "the listener has no HttpConnectionManager in its api_listener");
    http.ifPresent(manager -> httpManager(manager, clusters));
  }

  private static Optional<HttpConnectionManager> httpOf(Listener listener) {
    try {
      return Optional.of(
          listener.getApiListener().getApiListener().unpack(HttpConnectionManager.class));
    } catch (InvalidProtocolBufferException e) {
      return Optional.empty();
    }
  }

  private void httpManager(HttpConnectionManager manager, Set<String> clusters) {
    int last = manager.getHttpFiltersCount() - 1;
    demand(
        last >= 0 && manager.getHttpFilters(last).getTypedConfig().is(Router.class),
        "the last filter is not the Router");
    demand(manager.hasRouteConfig(), "the routes are not inline");
    for (VirtualHost host : manager.getRouteConfig().getVirtualHostsList()) {
      demand(!host.getDomainsList().isEmpty(), "a virtual host has no domain");
      demand(!host.getRoutesList().isEmpty(), "a virtual host has no route");
      host.getRoutesList().forEach(route -> route(route, clusters));
      demand(
          host.getRoutesList().stream().anyMatch(ResourceValidator::takesEveryCall),
          "some calls have no route");
    }
  }

  private static boolean takesEveryCall(Route route) {
    return route.getMatch().getPrefix().equals("/")
        && route.getMatch().getHeadersCount() == 0
        && !route.getMatch().hasRuntimeFraction();
  }

  private void route(Route route, Set<String> clusters) {
    RouteAction action = route.getRoute();
    if (action.hasWeightedClusters()) {
      long sum = 0;
      Set<String> seen = new HashSet<>();
      for (WeightedCluster.ClusterWeight part : action.getWeightedClusters().getClustersList()) {
        sum += Integer.toUnsignedLong(part.getWeight().getValue());
        demand(part.getWeight().getValue() > 0, "a weighted cluster has no weight");
        demand(seen.add(part.getName()), "a weighted cluster stands there twice");
        demand(clusters.contains(part.getName()), "no cluster " + part.getName());
      }
      demand(sum >= 1 && sum <= LARGEST_UINT32, "weights of clusters sum up to " + sum);
    } else {
      demand(clusters.contains(action.getCluster()), "no cluster " + action.getCluster());
    }
  }

  private void cluster(Cluster cluster) {
    String name = "cluster " + cluster.getName() + ": ";
    demand(cluster.getType() == Cluster.DiscoveryType.EDS, name + "not EDS");
    demand(cluster.getEdsClusterConfig().getEdsConfig().hasAds(), name + "endpoints not by ADS");
    demand(cluster.getLbPolicy() == Cluster.LbPolicy.ROUND_ROBIN, name + "lb_policy");
    if (cluster.hasLoadBalancingPolicy()) {
      List<LoadBalancingPolicy.Policy> policies =
          cluster.getLoadBalancingPolicy().getPoliciesList();
      demand(
          !policies.isEmpty()
              && policies
                  .get(policies.size() - 1)
                  .getTypedExtensionConfig()
                  .getTypedConfig()
                  .is(RoundRobin.class),
          name + "round_robin is not the last policy");
    }
    demand(
        cluster.getCircuitBreakers().getThresholdsList().stream()
            .anyMatch(t -> t.getMaxRequests().getValue() > 0),
        name + "gRPC's limit of 1,024 calls stands");
  }

  private void assignment(ClusterLoadAssignment assignment) {
    String name = "endpoints of " + assignment.getClusterName() + ": ";
    Map<Integer, Long> weights = new TreeMap<>();
    Set<Object> places = new HashSet<>();
    Set<String> addresses = new HashSet<>();
    for (LocalityLbEndpoints locality : assignment.getEndpointsList()) {
      demand(locality.hasLocality(), name + "a locality is not set");
      demand(
          places.add(List.of(locality.getPriority(), locality.getLocality())),
          name + "a locality stands there twice");
      long weight = Integer.toUnsignedLong(locality.getLoadBalancingWeight().getValue());
      demand(weight >= 1, name + "a locality has no weight");
      demand(locality.getLbEndpointsCount() > 0, name + "a locality has no endpoint");
      weights.merge(locality.getPriority(), weight, Long::sum);
      long within = 0;
      for (LbEndpoint endpoint : locality.getLbEndpointsList()) {
        SocketAddress socket = endpoint.getEndpoint().getAddress().getSocketAddress();
        String address = socket.getAddress() + " " + socket.getPortValue();
        int own = endpoint.getLoadBalancingWeight().getValue();
        within += Integer.toUnsignedLong(own);
        // Texts are made for the wrong ones only: there may be ten thousand endpoints.
        if (own == 0) {
          problems.add(name + address + " has weight 0");
        }
        if (!addresses.add(address)) {
          problems.add(name + address + " twice");
        }
        if (IpLiteral.of(socket.getAddress()).filter(socket.getAddress()::equals).isEmpty()) {
          problems.add(name + socket.getAddress() + " is no IP address");
        }
      }
      demand(within <= LARGEST_UINT32, name + "weights sum up to " + within);
    }
    int priority = 0;
    for (Map.Entry<Integer, Long> level : weights.entrySet()) {
      demand(level.getKey() == priority++, name + "priorities have a gap");
      demand(level.getValue() <= LARGEST_UINT32, name + "weights sum up to " + level.getValue());
    }
  }

  private void demand(boolean kept, String problem) {
    if (!kept) {
      problems.add(problem);
    }
  }
}
