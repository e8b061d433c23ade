package dev.holdfast.control.resources;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * The clusters of one service: all its instances, each subset, and for each split the instances in
 * none of its subsets. gRPC knows no subsets, so each is a cluster of its own.
 */
final class ServiceClusters {
  private static final String SEPARATOR = "/";
  // No subset may be called so: its name has no colon.
  private static final String REST = "others:";

  private final String service;
  private final Map<String, EndpointSet> clusters = new LinkedHashMap<>();

  ServiceClusters(String service, TrafficPolicy trafficPolicy, EndpointSet endpoints) {
    this.service = service;
    clusters.put(service, endpoints);
    trafficPolicy
        .subsets()
        .forEach(
            (name, wanted) ->
                clusters.put(
                    cluster(name),
                    EndpointSet.of(
                        endpoints.endpoints().stream().filter(e -> isIn(e, wanted)).toList())));
    addRest(trafficPolicy, trafficPolicy.split(), endpoints);
    trafficPolicy.routes().forEach(route -> addRest(trafficPolicy, route.to(), endpoints));
  }

  /**
   * A cluster that gets calls.
   *
   * @param weight in hundredths of a percent, as the policy says; they need not sum up
   */
  record ClusterShare(String cluster, int weight) {}

  /** The endpoints of each cluster by its name, that of the service first. */
  Map<String, EndpointSet> clusters() {
    return clusters;
  }

  /**
   * The shares of a split that are in effect now. A subset without an instance that wants calls is
   * left out, and its share goes to the others. When no subset is left, calls go to all instances.
   */
  List<ClusterShare> shares(TrafficSplit trafficSplit) {
    List<ClusterShare> clusterShares = new ArrayList<>();
    trafficSplit
        .shares()
        .forEach((subset, percent) -> add(clusterShares, cluster(subset), percent));
    if (!trafficSplit.isNone()) {
      add(clusterShares, rest(trafficSplit), trafficSplit.rest());
    }
    return clusterShares.isEmpty()
        ? List.of(new ClusterShare(service, Percent.ALL.hundredths()))
        : clusterShares;
  }

  private void add(List<ClusterShare> clusterShares, String cluster, Percent percent) {
    EndpointSet endpoints = clusters.getOrDefault(cluster, EndpointSet.EMPTY);
    if (percent.hundredths() > 0 && endpoints.endpoints().stream().anyMatch(Endpoint::isEligible)) {
      clusterShares.add(new ClusterShare(cluster, percent.hundredths()));
    }
  }

  private void addRest(
      TrafficPolicy trafficPolicy, TrafficSplit trafficSplit, EndpointSet endpoints) {
    if (trafficSplit.isNone() || trafficSplit.rest().hundredths() == 0) {
      return;
    }
    clusters.put(
        rest(trafficSplit),
        EndpointSet.of(
            endpoints.endpoints().stream()
                .filter(
                    e ->
                        trafficSplit.shares().keySet().stream()
                            .noneMatch(
                                s -> isIn(e, trafficPolicy.subsets().getOrDefault(s, Map.of()))))
                .toList()));
  }

  private String cluster(String subset) {
    return service + SEPARATOR + subset;
  }

  private String rest(TrafficSplit trafficSplit) {
    return cluster(REST + String.join(",", new TreeSet<>(trafficSplit.shares().keySet())));
  }

  private static boolean isIn(Endpoint endpoint, Map<String, String> wanted) {
    return wanted.entrySet().stream()
        .allMatch(e -> e.getValue().equals(endpoint.metadata().get(e.getKey())));
  }
}
