package dev.holdfast.control.resources;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.control.xds.XdsResource;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.OutlierDetection;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PolicyResourcesTest {
  private static final Endpoint A = Endpoint.of("10.0.0.1:50051");
  private static final Endpoint B = Endpoint.of("10.0.0.2:50051");
  private static final Endpoint C = Endpoint.of("10.0.0.3:50051");

  @Test
  void serviceWithoutAPolicyIsAListenerAClusterAndItsEndpoints() {
    List<XdsResource> resources =
        new PolicyResources(Policy.NONE).build("orders", EndpointSet.of(A, B));

    assertThat(resources)
        .extracting(r -> r.type().shortName() + " " + r.name())
        .containsExactly("CDS orders", "EDS orders", "LDS orders");
    Built built = new Built(resources);
    assertThat(built.routes()).hasSize(1);
    assertThat(built.routes().get(0).getRoute().getCluster()).isEqualTo("orders");
    assertThat(built.addresses("orders")).containsExactly("10.0.0.1:50051", "10.0.0.2:50051");
    assertThat(built.cluster("orders").hasLoadBalancingPolicy()).isFalse();
    assertThat(built.cluster("orders").getCircuitBreakers().getThresholds(0).getMaxRequests())
        .satisfies(most -> assertThat(most.getValue()).isEqualTo(Integer.MAX_VALUE));
  }

  @Test
  void equalListsMakeEqualBytes() {
    PolicyResources resources = new PolicyResources(Policy.NONE);

    assertThat(resources.build("orders", EndpointSet.of(A, B, C)))
        .isEqualTo(new PolicyResources(Policy.NONE).build("orders", EndpointSet.of(C, A, B)));
  }

  @Test
  void zonesAreLocalitiesAndWeightsWithinOneTheirSubZones() {
    EndpointSet endpoints =
        EndpointSet.of(
            A.withZone("a").withWeight(3),
            B.withZone("a"),
            C.withZone("a"),
            Endpoint.of("10.0.0.4:50051").withZone("b").withWeight(7));

    assertThat(localities(endpoints, ""))
        .containsExactly("a/weight-1 2: 2", "a/weight-3 3: 1", "b/ 7: 1");
    assertThat(localities(endpoints, "balancer: ring_hash, hash-header: x-user"))
        .containsExactly("/ 1: 4");
  }

  @Test
  void manyWeightsOfAZoneAreSortedIntoAFewLocalities() {
    EndpointSet endpoints =
        EndpointSet.of(
            IntStream.rangeClosed(1, 40)
                .mapToObj(i -> Endpoint.of("10.0.1." + i + ":1").withWeight(i))
                .toList());

    assertThat(localities(endpoints, ""))
        .containsExactly(
            "/weight-1+ 1: 1",
            "/weight-16+ 376: 16",
            "/weight-2+ 5: 2",
            "/weight-32+ 324: 9",
            "/weight-4+ 22: 4",
            "/weight-8+ 92: 8");
  }

  @Test
  void whoDoesNotWantCallsIsLeftOutUnlessNobodyDoes() {
    Endpoint draining = B.withDraining(true);
    Endpoint unready = C.withReady(false);

    assertThat(build("", A, draining, unready).addresses("orders"))
        .containsExactly("10.0.0.1:50051");
    assertThat(build("", draining, unready).addresses("orders"))
        .containsExactly("10.0.0.2:50051", "10.0.0.3:50051");
    assertThat(build("").assignment("orders").getEndpointsList()).isEmpty();
  }

  @Test
  void onlyIpAddressesAreSentEachInOneSpelling() {
    Endpoint named = Endpoint.of("orders-1.example:50051");
    EndpointSet endpoints =
        EndpointSet.of(
            named,
            Endpoint.of("[FD00::7]:50051"),
            Endpoint.of("[fd00:0:0:0::7]:50051").withZone("z"),
            Endpoint.of("[::ffff:10.0.0.9]:50051"),
            Endpoint.of("[fe80::1%eth0]:50051"),
            Endpoint.of("010.0.0.1:50051"),
            Endpoint.of("10.0.0.256:50051"));

    Built built = new Built(new PolicyResources(Policy.NONE).build("orders", endpoints));

    assertThat(built.addresses("orders"))
        .containsExactlyInAnyOrder("10.0.0.9:50051", "fd00:0:0:0:0:0:0:7:50051");
    assertThat(EndpointResource.unservable(endpoints))
        .extracting(e -> e.address().host())
        .containsExactly("010.0.0.1", "10.0.0.256", "fe80::1%eth0", "orders-1.example");
  }

  @Test
  void splitGoesToClustersOfSubsetsAndToTheRest() {
    String policy = "subsets: {v2: {version: '2'}, v3: {version: '3'}}, split: {v2: 10%, v3: 0.5%}";
    Built built = build(policy, version(A, "1"), version(B, "2"), version(C, "3"));

    assertThat(built.weights(0))
        .isEqualTo(Map.of("orders/v2", 1_000, "orders/v3", 50, "orders/others:v2,v3", 8_950));
    assertThat(built.addresses("orders")).hasSize(3);
    assertThat(built.addresses("orders/v2")).containsExactly("10.0.0.2:50051");
    assertThat(built.addresses("orders/others:v2,v3")).containsExactly("10.0.0.1:50051");
  }

  @Test
  void shareOfAnEmptySubsetGoesToTheOthers() {
    String policy = "subsets: {v2: {version: '2'}, v3: {version: '3'}}, split: {v2: 10%, v3: 20%}";

    assertThat(build(policy, version(A, "1"), version(B, "3")).weights(0))
        .isEqualTo(Map.of("orders/v3", 2_000, "orders/others:v2,v3", 7_000));
    assertThat(build(policy, version(A, "2").withDraining(true), version(B, "3")).weights(0))
        .isEqualTo(Map.of("orders/v3", 100));
    assertThat(build(policy).weights(0)).isEqualTo(Map.of("orders", 100));
    // Nobody wants calls: then all may get them.
    assertThat(build(policy, version(A, "2").withReady(false)).weights(0))
        .isEqualTo(Map.of("orders", 100));
  }

  @Test
  void subsetMeansAllOfItsMetadata() {
    String policy = "subsets: {c: {version: '2', track: canary}}, split: {c: 50%}";
    Endpoint both = A.withMetadata(Map.of("version", "2", "track", "canary", "more", "x"));

    Built built = build(policy, both, version(B, "2"), C);

    assertThat(built.addresses("orders/c")).containsExactly("10.0.0.1:50051");
    assertThat(built.addresses("orders/others:c"))
        .containsExactly("10.0.0.2:50051", "10.0.0.3:50051");
  }

  @Test
  void routesStandInTheirOrderAndTheSplitLast() {
    String policy =
        """
        subsets: {v2: {version: '2'}},
        split: {v2: 10%},
        timeout: 3s,
        routes: [
          {headers: {x-canary: 'true', x-old: {present: false}, x-user: {prefix: t-}}, to: v2},
          {path: /o.v1.Orders/Get, percent: 0.25%, to: v2, timeout: 10m},
          {path: /o.v1.Orders/*}]
        """;
    List<Route> routes = build(policy, version(A, "1"), version(B, "2")).routes();

    assertThat(routes).hasSize(4);
    Route headers = routes.get(0);
    assertThat(headers.getMatch().getPrefix()).isEqualTo("/");
    assertThat(headers.getMatch().getHeaders(0).getStringMatch().getExact()).isEqualTo("true");
    assertThat(headers.getMatch().getHeaders(1).getPresentMatch()).isTrue();
    assertThat(headers.getMatch().getHeaders(1).getInvertMatch()).isTrue();
    assertThat(headers.getMatch().getHeaders(2).getStringMatch().getPrefix()).isEqualTo("t-");
    assertThat(headers.getRoute().getCluster()).isEqualTo("orders/v2");
    assertThat(headers.getRoute().getMaxStreamDuration().getGrpcTimeoutHeaderMax().getSeconds())
        .isEqualTo(3);
    Route part = routes.get(1);
    assertThat(part.getMatch().getPath()).isEqualTo("/o.v1.Orders/Get");
    assertThat(part.getMatch().getRuntimeFraction().getDefaultValue().getNumerator()).isEqualTo(25);
    assertThat(part.getRoute().getMaxStreamDuration().getMaxStreamDuration().getSeconds())
        .isEqualTo(600);
    assertThat(routes.get(2).getMatch().getPrefix()).isEqualTo("/o.v1.Orders/");
    assertThat(routes.get(2).getRoute().getCluster()).isEqualTo("orders");
    assertThat(routes.get(3).getRoute().getWeightedClusters().getClustersCount()).isEqualTo(2);
  }

  @Test
  void methodThatMayBeRepeatedHasAllRoutesOnceMore() {
    String policy =
        """
        subsets: {v2: {version: '2'}},
        routes: [
          {path: /o.v1.Orders/*, percent: 5%, to: v2},
          {path: /o.v1.Other/Put, to: v2}],
        retry: {methods: [/o.v1.Orders/Get, /o.v1.Other/*], attempts: 4, on: [unavailable, internal]}
        """;

    assertThat(build(policy, version(A, "2")).routes())
        .extracting(
            r ->
                r.getMatch().getPath()
                    + r.getMatch().getPrefix()
                    + (r.getMatch().hasRuntimeFraction() ? " sometimes" : "")
                    + (r.getRoute().hasRetryPolicy()
                        ? " " + r.getRoute().getRetryPolicy().getNumRetries().getValue()
                        : ""))
        .containsExactly(
            "/o.v1.Orders/Get sometimes 3",
            "/o.v1.Orders/Get 3",
            "/o.v1.Other/Put 3",
            "/o.v1.Other/ 3",
            "/o.v1.Orders/ sometimes",
            "/o.v1.Other/Put",
            "/");
  }

  @Test
  void balancersEndWithOneThatEveryClientHas() {
    Cluster ring = build("balancer: ring_hash, hash-header: x-user", A).cluster("orders");
    Cluster least = build("balancer: least_request, choices: 4", A).cluster("orders");

    assertThat(policies(ring)).containsExactly("RingHash", "RoundRobin");
    assertThat(policies(least)).containsExactly("WrrLocality", "RoundRobin");
    assertThat(List.of(ring, least))
        .extracting(Cluster::getLbPolicy)
        .containsOnly(Cluster.LbPolicy.ROUND_ROBIN);
    RouteAction action =
        build("balancer: ring_hash, hash-header: x-user", A).routes().get(0).getRoute();
    assertThat(action.getHashPolicy(0).getHeader().getHeaderName()).isEqualTo("x-user");
  }

  @Test
  void outliersAreJudgedByWhatThePolicyNames() {
    OutlierDetection failures =
        build("outliers: {failure-percent: 40, min-calls: 7}", A)
            .cluster("orders")
            .getOutlierDetection();
    OutlierDetection rates =
        build("outliers: {factor: 1500, ejection: 2m}", A).cluster("orders").getOutlierDetection();

    assertThat(failures.getEnforcingFailurePercentage().getValue()).isEqualTo(100);
    assertThat(failures.getFailurePercentageThreshold().getValue()).isEqualTo(40);
    assertThat(failures.getFailurePercentageRequestVolume().getValue()).isEqualTo(7);
    assertThat(failures.getEnforcingSuccessRate().getValue()).isZero();
    assertThat(rates.getEnforcingFailurePercentage().getValue()).isZero();
    assertThat(rates.getEnforcingSuccessRate().getValue()).isEqualTo(100);
    assertThat(rates.getSuccessRateStdevFactor().getValue()).isEqualTo(1_500);
    assertThat(rates.getBaseEjectionTime().getSeconds()).isEqualTo(120);
    assertThat(build("timeout: 1s", A).cluster("orders").hasOutlierDetection()).isFalse();
  }

  @Test
  void limitOfCallsIsThatOfThePolicy() {
    Cluster cluster = build("max-calls: 200", A).cluster("orders");

    assertThat(cluster.getCircuitBreakers().getThresholds(0).getMaxRequests().getValue())
        .isEqualTo(200);
  }

  @Test
  void tenThousandEndpointsAreBuiltAndChecked() {
    EndpointSet endpoints =
        EndpointSet.of(
            IntStream.range(0, 10_000)
                .mapToObj(
                    i ->
                        Endpoint.of("10.1." + i / 250 + "." + i % 250 + ":1").withZone("z" + i % 3))
                .toList());

    assertThat(
            new Built(new PolicyResources(Policy.NONE).build("orders", endpoints))
                .addresses("orders"))
        .hasSize(10_000);
  }

  private static List<String> localities(EndpointSet endpoints, String policy) {
    return built(policy, endpoints).assignment("orders").getEndpointsList().stream()
        .map(PolicyResourcesTest::shown)
        .toList();
  }

  private static String shown(LocalityLbEndpoints locality) {
    return "%s/%s %d: %d"
        .formatted(
            locality.getLocality().getZone(),
            locality.getLocality().getSubZone(),
            locality.getLoadBalancingWeight().getValue(),
            locality.getLbEndpointsCount());
  }

  private static List<String> policies(Cluster cluster) {
    return cluster.getLoadBalancingPolicy().getPoliciesList().stream()
        .map(p -> p.getTypedExtensionConfig().getTypedConfig().getTypeUrl())
        .map(url -> url.substring(url.lastIndexOf('.') + 1))
        .toList();
  }

  private static Endpoint version(Endpoint endpoint, String version) {
    return endpoint.withMetadata(Map.of("version", version));
  }

  private static Built build(String policy, Endpoint... endpoints) {
    return built(policy, EndpointSet.of(endpoints));
  }

  private static Built built(String policy, EndpointSet endpoints) {
    String text = "services: {orders: {" + policy.replace('\n', ' ') + "}}";
    return new Built(
        new PolicyResources(PolicyYaml.parse("policy.yaml", text)).build("orders", endpoints));
  }

  /** Resources as messages again. */
  private record Built(List<XdsResource> resources) {
    Cluster cluster(String name) {
      return Messages.cluster(resources, name);
    }

    ClusterLoadAssignment assignment(String name) {
      return Messages.assignment(resources, name);
    }

    List<Route> routes() {
      return Messages.routes(Messages.listener(resources));
    }

    List<String> addresses(String cluster) {
      return Messages.addresses(assignment(cluster));
    }

    /** The clusters of a route with their weights; 100 for one that stands alone. */
    Map<String, Integer> weights(int route) {
      RouteAction action = routes().get(route).getRoute();
      return action.hasWeightedClusters()
          ? action.getWeightedClusters().getClustersList().stream()
              .collect(
                  java.util.stream.Collectors.toMap(
                      WeightedCluster.ClusterWeight::getName, c -> c.getWeight().getValue()))
          : Map.of(action.getCluster(), 100);
    }
  }
}
