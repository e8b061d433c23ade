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
final class ServiceParts {
  private static final String SEPARATOR = "/";
  // No subset may be called so: its name has no colon.
  private static final String REST = "others:";

  private final String service;
  private final Map<String, EndpointSet> clusters = new LinkedHashMap<>();

  ServiceParts(String service, Traffic traffic, EndpointSet endpoints) {
    this.service = service;
    clusters.put(service, endpoints);
    traffic
        .subsets()
        .forEach(
            (name, wanted) ->
                clusters.put(
                    cluster(name),
                    EndpointSet.of(
                        endpoints.endpoints().stream().filter(e -> isIn(e, wanted)).toList())));
    addRest(traffic, traffic.split(), endpoints);
    traffic.routes().forEach(route -> addRest(traffic, route.to(), endpoints));
  }

  /**
   * A cluster that gets calls.
   *
   * @param weight in hundredths of a percent, as the policy says; they need not sum up
   */
  record Share(String cluster, int weight) {}

  /** The endpoints of each cluster by its name, that of the service first. */
  Map<String, EndpointSet> clusters() {
    return clusters;
  }

  /**
   * The shares of a split that are in effect now. A subset without an instance that wants calls is
   * left out, and its share goes to the others. When no subset is left, calls go to all instances.
   */
  List<Share> shares(Split split) {
    List<Share> shares = new ArrayList<>();
    split.shares().forEach((subset, percent) -> add(shares, cluster(subset), percent));
    if (!split.isNone()) {
      add(shares, rest(split), split.rest());
    }
    return shares.isEmpty() ? List.of(new Share(service, Percent.ALL.hundredths())) : shares;
  }

  private void add(List<Share> shares, String cluster, Percent percent) {
    EndpointSet endpoints = clusters.getOrDefault(cluster, EndpointSet.EMPTY);
    if (percent.hundredths() > 0 && endpoints.endpoints().stream().anyMatch(Endpoint::isEligible)) {
      shares.add(new Share(cluster, percent.hundredths()));
    }
  }

  private void addRest(Traffic traffic, Split split, EndpointSet endpoints) {
    if (split.isNone() || split.rest().hundredths() == 0) {
      return;
    }
    clusters.put(
        rest(split),
        EndpointSet.of(
            endpoints.endpoints().stream()
                .filter(
                    e ->
                        split.shares().keySet().stream()
                            .noneMatch(s -> isIn(e, traffic.subsets().getOrDefault(s, Map.of()))))
                .toList()));
  }

  private String cluster(String subset) {
    return service + SEPARATOR + subset;
  }

  private String rest(Split split) {
    return cluster(REST + String.join(",", new TreeSet<>(split.shares().keySet())));
  }

  private static boolean isIn(Endpoint endpoint, Map<String, String> wanted) {
    return wanted.entrySet().stream()
        .allMatch(e -> e.getValue().equals(endpoint.metadata().get(e.getKey())));
  }
}
