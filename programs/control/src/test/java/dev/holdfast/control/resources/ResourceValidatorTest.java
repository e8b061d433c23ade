package dev.holdfast.control.resources;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.UInt32Value;
import dev.holdfast.control.xds.XdsResource;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Locality;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.envoyproxy.envoy.config.listener.v3.ApiListener;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each rule refuses what it is there for, and nothing that is built breaks one. */
class ResourceValidatorTest {
  private static final String POLICY =
      """
      services:
        orders:
          subsets: {v2: {version: "2"}}
          split: {v2: 10%}
          balancer: least_request
      """;
  private static final List<XdsResource> GOOD =
      new PolicyResources(PolicyYaml.parse("p", POLICY))
          .build(
              "orders",
              EndpointSet.of(
                  Endpoint.of("10.0.0.1:1").withZone("a"),
                  Endpoint.of("10.0.0.2:1").withZone("b").withMetadata(Map.of("version", "2"))));

  @Test
  void whatIsBuiltBreaksNoRule() {
    assertThat(problems(c -> c, a -> a, l -> l)).isEmpty();
  }

  static Stream<Arguments> brokenClusters() {
    return Stream.of(
        Arguments.of(edit(c -> c.setType(Cluster.DiscoveryType.STATIC)), "not EDS"),
        Arguments.of(edit(Cluster.Builder::clearEdsClusterConfig), "endpoints not by ADS"),
        Arguments.of(edit(c -> c.setLbPolicy(Cluster.LbPolicy.LEAST_REQUEST)), "lb_policy"),
        Arguments.of(
            edit(
                c ->
                    c.setLoadBalancingPolicy(
                        c.getLoadBalancingPolicy().toBuilder().removePolicies(1))),
            "round_robin is not the last policy"),
        Arguments.of(edit(Cluster.Builder::clearCircuitBreakers), "gRPC's limit of 1,024 calls"),
        Arguments.of(edit(c -> c.setName("other")), "a cluster stands there twice"));
  }

  @ParameterizedTest
  @MethodSource("brokenClusters")
  void brokenClusterIsRefused(UnaryOperator<Cluster> mutant, String problem) {
    assertThat(problems(mutant, a -> a, l -> l)).anyMatch(p -> p.contains(problem));
  }

  static Stream<Arguments> brokenAssignments() {
    return Stream.of(
        Arguments.of(locality(LocalityLbEndpoints.Builder::clearLocality), "is not set"),
        Arguments.of(
            locality(LocalityLbEndpoints.Builder::clearLoadBalancingWeight), "has no weight"),
        Arguments.of(locality(l -> l.setLoadBalancingWeight(UInt32Value.of(0))), "has no weight"),
        Arguments.of(locality(l -> l.setPriority(1)), "priorities have a gap"),
        Arguments.of(locality(LocalityLbEndpoints.Builder::clearLbEndpoints), "has no endpoint"),
        Arguments.of(locality(l -> l.addLbEndpoints(l.getLbEndpoints(0))), "twice"),
        Arguments.of(endpoint(e -> host(e, "orders.example")), "is no IP address"),
        Arguments.of(endpoint(e -> host(e, "FD00::1")), "is no IP address"),
        Arguments.of(endpoint(LbEndpoint.Builder::clearLoadBalancingWeight), "has weight 0"),
        Arguments.of(
            (UnaryOperator<ClusterLoadAssignment>)
                a -> a.toBuilder().addEndpoints(a.getEndpoints(0)).build(),
            "a locality stands there twice"),
        Arguments.of(
            (UnaryOperator<ClusterLoadAssignment>)
                a -> a.toBuilder().setClusterName("other").build(),
            "clusters and their endpoints differ"),
        Arguments.of(
            locality(l -> l.setLoadBalancingWeight(UInt32Value.of(-1)))
                .andThen(a -> withSecondLocality(a)),
            "weights sum up to"));
  }

  @ParameterizedTest
  @MethodSource("brokenAssignments")
  void brokenAssignmentIsRefused(
      java.util.function.Function<ClusterLoadAssignment, ClusterLoadAssignment> mutant,
      String problem) {
    assertThat(problems(c -> c, mutant::apply, l -> l)).anyMatch(p -> p.contains(problem));
  }

  static Stream<Arguments> brokenListeners() {
    return Stream.of(
        Arguments.of((UnaryOperator<Listener>) l -> Listener.newBuilder().build(), "api_listener"),
        Arguments.of(http(HttpConnectionManager.Builder::clearHttpFilters), "not the Router"),
        Arguments.of(http(HttpConnectionManager.Builder::clearRouteConfig), "not inline"),
        Arguments.of(routes(List.of()), "has no route"),
        Arguments.of(routes(List.of(routeTo("nowhere"))), "no cluster nowhere"),
        Arguments.of(
            routes(
                List.of(
                    routeTo("orders").toBuilder()
                        .setMatch(
                            io.envoyproxy.envoy.config.route.v3.RouteMatch.newBuilder()
                                .setPath("/a.B/C"))
                        .build())),
            "some calls have no route"),
        Arguments.of(weights(0), "has no weight"),
        Arguments.of(http(ResourceValidatorTest::withoutDomains), "has no domain"));
  }

  @ParameterizedTest
  @MethodSource("brokenListeners")
  void brokenListenerIsRefused(UnaryOperator<Listener> mutant, String problem) {
    assertThat(problems(c -> c, a -> a, mutant)).anyMatch(p -> p.contains(problem));
  }

  @Property(tries = 300)
  void noListAndNoPolicyMakesAResourceThatClientsRefuse(
      @ForAll("lists") EndpointSet endpoints, @ForAll("policies") String policy) {
    PolicyResources resources = new PolicyResources(PolicyYaml.parse("p", policy));

    // It throws when a rule is broken.
    List<XdsResource> built = resources.build("orders", endpoints);

    assertThat(Messages.addresses(Messages.assignment(built, "orders")))
        .hasSizeLessThanOrEqualTo(endpoints.size())
        .doesNotHaveDuplicates();
  }

  @Provide
  Arbitrary<EndpointSet> lists() {
    Arbitrary<String> hosts =
        Arbitraries.of(
            "10.0.0.1",
            "10.0.0.2",
            "10.0.0.3",
            "[fd00::1]",
            "[FD00::1]",
            "host",
            "[::ffff:10.0.0.1]");
    Arbitrary<Endpoint> endpoints =
        Combinators.combine(
                hosts,
                Arbitraries.integers().between(1, 3),
                Arbitraries.of("", "a", "b"),
                Arbitraries.integers().between(1, Endpoint.MAX_WEIGHT),
                Arbitraries.integers().between(0, 3),
                Arbitraries.of("1", "2", "3"))
            .as(
                (host, port, zone, weight, state, version) ->
                    Endpoint.of(host + ":" + port)
                        .withZone(zone)
                        .withWeight(weight)
                        .withReady(state != 0)
                        .withDraining(state == 1)
                        .withMetadata(Map.of("version", version)));
    return endpoints.list().ofMaxSize(20).map(EndpointSet::of);
  }

  @Provide
  Arbitrary<String> policies() {
    Arbitrary<String> balancers =
        Arbitraries.of(
            "balancer: round_robin",
            "balancer: least_request",
            "{balancer: ring_hash, hash-header: x-user}".replaceAll("[{}]", ""));
    Arbitrary<String> splits =
        Arbitraries.of(
            "split: {v1: 50%, v2: 50%}",
            "split: {v1: 10%}", "split: {v1: 0%, v2: 100%}", "split: {none: 100%}", "split: {}");
    Arbitrary<String> more =
        Arbitraries.of(
            "timeout: 1s",
            "outliers: {}",
            "retry: {methods: [/a.B/C, /a.B/*]}",
            "routes: [{path: /a.B/*, percent: 1%, to: v2}, {headers: {x-a: b}, to: {v1: 1%}}]");
    return Combinators.combine(balancers, splits, more)
        .as(
            (balancer, split, rest) ->
                "services: {orders: {subsets: {v1: {version: '1'}, v2: {version: '2'},"
                    + " none: {version: none}}, %s, %s, %s}}".formatted(balancer, split, rest));
  }

  private static List<String> problems(
      UnaryOperator<Cluster> cluster,
      UnaryOperator<ClusterLoadAssignment> assignment,
      UnaryOperator<Listener> listener) {
    List<Cluster> clusters = new ArrayList<>();
    List<ClusterLoadAssignment> assignments = new ArrayList<>();
    for (String name : List.of("orders", "orders/v2", "orders/others:v2")) {
      clusters.add(cluster.apply(Messages.cluster(GOOD, name)));
      assignments.add(assignment.apply(Messages.assignment(GOOD, name)));
    }
    return ResourceValidator.problems(
        listener.apply(Messages.listener(GOOD)), clusters, assignments);
  }

  private static UnaryOperator<Cluster> edit(UnaryOperator<Cluster.Builder> change) {
    return cluster -> change.apply(cluster.toBuilder()).build();
  }

  private static UnaryOperator<ClusterLoadAssignment> locality(
      UnaryOperator<LocalityLbEndpoints.Builder> change) {
    return assignment ->
        assignment.toBuilder()
            .setEndpoints(0, change.apply(assignment.getEndpoints(0).toBuilder()))
            .build();
  }

  private static ClusterLoadAssignment withSecondLocality(ClusterLoadAssignment assignment) {
    return assignment.toBuilder()
        .addEndpoints(
            assignment.getEndpoints(0).toBuilder()
                .setLocality(Locality.newBuilder().setZone("second")))
        .build();
  }

  private static UnaryOperator<ClusterLoadAssignment> endpoint(
      UnaryOperator<LbEndpoint.Builder> change) {
    return locality(l -> l.setLbEndpoints(0, change.apply(l.getLbEndpoints(0).toBuilder())));
  }

  private static LbEndpoint.Builder host(LbEndpoint.Builder endpoint, String host) {
    endpoint.getEndpointBuilder().getAddressBuilder().getSocketAddressBuilder().setAddress(host);
    return endpoint;
  }

  private static UnaryOperator<Listener> http(UnaryOperator<HttpConnectionManager.Builder> change) {
    return listener ->
        listener.toBuilder()
            .setApiListener(
                ApiListener.newBuilder()
                    .setApiListener(
                        Any.pack(change.apply(Messages.http(listener).toBuilder()).build())))
            .build();
  }

  private static UnaryOperator<Listener> routes(List<Route> routes) {
    return http(
        manager -> {
          RouteConfiguration.Builder config = manager.getRouteConfigBuilder();
          config.getVirtualHostsBuilder(0).clearRoutes().addAllRoutes(routes);
          return manager;
        });
  }

  private static UnaryOperator<Listener> weights(int weight) {
    return http(
        manager -> {
          manager
              .getRouteConfigBuilder()
              .getVirtualHostsBuilder(0)
              .getRoutesBuilder(0)
              .getRouteBuilder()
              .getWeightedClustersBuilder()
              .getClustersBuilder(0)
              .setWeight(UInt32Value.of(weight));
          return manager;
        });
  }

  private static HttpConnectionManager.Builder withoutDomains(HttpConnectionManager.Builder http) {
    http.getRouteConfigBuilder().getVirtualHostsBuilder(0).clearDomains();
    return http;
  }

  private static Route routeTo(String cluster) {
    Route.Builder route = Messages.routes(Messages.listener(GOOD)).get(0).toBuilder();
    route.getRouteBuilder().setCluster(cluster);
    return route.build();
  }
}
