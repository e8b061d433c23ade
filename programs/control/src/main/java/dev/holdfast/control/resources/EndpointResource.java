package dev.holdfast.control.resources;

import com.google.protobuf.UInt32Value;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.annotation.Limit;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.core.v3.Locality;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The EDS resource of a cluster.
 *
 * <p>Endpoints that do not want calls are left out, unless no endpoint wants any: a call to a
 * draining endpoint may succeed, a call without an endpoint cannot. A zone is a locality. gRPC
 * clients have weights only between localities, so endpoints of one zone with different weights
 * stand in localities of their own: sub_zone {@code weight-3}.
 */
final class EndpointResource {
  /** Localities into which the weights of one zone are sorted. */
  @Limit(
      of = "weights in one zone that are told apart for xDS clients",
      then = "weights between the same powers of two count as their average")
  private static final int MAX_WEIGHTS = 16;

  private EndpointResource() {}

  /** The locality of an endpoint: its zone, and its sub_zone for its weight. */
  private record Place(String zone, String subZone) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
      int byZone = zone.compareTo(other.zone);
      return byZone != 0 ? byZone : subZone.compareTo(other.subZone);
    }
  }

  /** The endpoints that gRPC clients can't use, because their hosts are not IP addresses. */
  static List<Endpoint> unservable(EndpointSet endpoints) {
    return endpoints.endpoints().stream()
        .filter(e -> IpLiteral.of(e.address().host()).isEmpty())
        .toList();
  }

  /** The endpoints that gRPC clients can use, each address once and in canonical spelling. */
  static EndpointSet servable(EndpointSet endpoints) {
    return EndpointSet.of(endpoints.endpoints().stream().flatMap(e -> spelt(e).stream()).toList());
  }

  /**
   * Builds the EDS resource of a cluster.
   *
   * @param endpoints servable ones
   * @param localities whether zones and weights become localities; otherwise all endpoints stand in
   *     one locality, as a hash ring needs, which takes weights from the endpoints
   */
  static ClusterLoadAssignment of(String cluster, EndpointSet endpoints, boolean localities) {
    List<Endpoint> eligible = endpoints.eligible();
    List<Endpoint> used = eligible.isEmpty() ? endpoints.endpoints() : eligible;
    Map<Place, LocalityLbEndpoints.Builder> places = new TreeMap<>();
    Map<Place, Long> weights = new HashMap<>();
    Set<String> mixed = localities ? zonesWithWeights(used) : Set.of();
    Set<String> crowded = localities ? zonesWithManyWeights(used) : Set.of();
    for (Endpoint endpoint : used) {
      Place place =
          localities
              ? new Place(
                  endpoint.zone(),
                  mixed.contains(endpoint.zone())
                      ? subZone(endpoint.weight(), crowded.contains(endpoint.zone()))
                      : "")
              : new Place("", "");
      places
          .computeIfAbsent(place, EndpointResource::locality)
          .addLbEndpoints(lbEndpoint(endpoint));
      weights.merge(place, (long) endpoint.weight(), Long::sum);
    }
    ClusterLoadAssignment.Builder assignment =
        ClusterLoadAssignment.newBuilder().setClusterName(cluster);
    places.forEach(
        (place, builder) -> {
          long weight = localities ? weights.getOrDefault(place, 1L) : 1;
          builder.setLoadBalancingWeight(UInt32Value.of((int) Math.min(weight, Integer.MAX_VALUE)));
          assignment.addEndpoints(builder);
        });
    return assignment.build();
  }

  private static Optional<Endpoint> spelt(Endpoint endpoint) {
    return IpLiteral.of(endpoint.address().host())
        .map(
            host ->
                host.equals(endpoint.address().host())
                    ? endpoint
                    : new Endpoint(
                        new dev.holdfast.core.HostPort(host, endpoint.address().port()),
                        endpoint.instance(),
                        endpoint.zone(),
                        endpoint.weight(),
                        endpoint.ready(),
                        endpoint.draining(),
                        endpoint.metadata()));
  }

  private static Set<String> zonesWithWeights(List<Endpoint> endpoints) {
    return zonesWithMore(endpoints, 1);
  }

  private static Set<String> zonesWithManyWeights(List<Endpoint> endpoints) {
    return zonesWithMore(endpoints, MAX_WEIGHTS);
  }

  private static Set<String> zonesWithMore(List<Endpoint> endpoints, int most) {
    Map<String, Set<Integer>> weights = new HashMap<>();
    endpoints.forEach(e -> weights.computeIfAbsent(e.zone(), z -> new HashSet<>()).add(e.weight()));
    Set<String> zones = new HashSet<>();
    weights.forEach(
        (zone, seen) -> {
          if (seen.size() > most) {
            zones.add(zone);
          }
        });
    return zones;
  }

  private static String subZone(int weight, boolean crowded) {
    int named = crowded ? Integer.highestOneBit(weight) : weight;
    return "weight-" + named + (crowded ? "+" : "");
  }

  private static LocalityLbEndpoints.Builder locality(Place place) {
    return LocalityLbEndpoints.newBuilder()
        .setLocality(Locality.newBuilder().setZone(place.zone()).setSubZone(place.subZone()))
        .setPriority(0);
  }

  private static LbEndpoint lbEndpoint(Endpoint endpoint) {
    SocketAddress socket =
        SocketAddress.newBuilder()
            .setAddress(endpoint.address().host())
            .setPortValue(endpoint.address().port())
            .build();
    return LbEndpoint.newBuilder()
        .setEndpoint(
            io.envoyproxy.envoy.config.endpoint.v3.Endpoint.newBuilder()
                .setAddress(Address.newBuilder().setSocketAddress(socket)))
        .setHealthStatus(HealthStatus.HEALTHY)
        .setLoadBalancingWeight(UInt32Value.of(endpoint.weight()))
        .build();
  }
}
