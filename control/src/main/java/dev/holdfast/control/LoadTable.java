package dev.holdfast.control;

import dev.holdfast.core.Limit;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterStats;
import io.envoyproxy.envoy.config.endpoint.v3.UpstreamLocalityStats;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What clients report of their calls, by cluster. Numbers of calls add up from the start of the
 * control plane; rates and calls under way are those of each client's last report. Thread-safe.
 */
final class LoadTable {
  @Limit(
      of = "clusters of which load reports are kept",
      then = "reports of further ones are counted and not kept")
  private static final int MAX_CLUSTERS = 10_000;

  private static final double NANOS_PER_SECOND = 1e9;

  /** All that is known of one cluster. */
  record Load(
      String cluster,
      int clients,
      long issued,
      long succeeded,
      long failed,
      long dropped,
      long inProgress,
      double issuedPerSecond) {}

  /** What one client said last. */
  private record Last(long inProgress, double issuedPerSecond) {}

  private static final class Sums {
    long issued;
    long succeeded;
    long failed;
    long dropped;
    final Map<Object, Last> clients = new HashMap<>();
  }

  private final Map<String, Sums> clusters = new TreeMap<>();

  /**
   * A report of a client.
   *
   * @param client whose stream it came by
   * @return false when it is of one cluster too many
   */
  synchronized boolean add(Object client, ClusterStats stats) {
    String cluster = stats.getClusterName();
    if (clusters.size() >= MAX_CLUSTERS && !clusters.containsKey(cluster)) {
      return false;
    }
    Sums sums = clusters.computeIfAbsent(cluster, name -> new Sums());
    long issued = 0;
    long inProgress = 0;
    for (UpstreamLocalityStats locality : stats.getUpstreamLocalityStatsList()) {
      issued += locality.getTotalIssuedRequests();
      inProgress += locality.getTotalRequestsInProgress();
      sums.succeeded += locality.getTotalSuccessfulRequests();
      sums.failed += locality.getTotalErrorRequests();
    }
    sums.issued += issued;
    sums.dropped += stats.getTotalDroppedRequests();
    double seconds =
        stats.getLoadReportInterval().getSeconds()
            + stats.getLoadReportInterval().getNanos() / NANOS_PER_SECOND;
    sums.clients.put(client, new Last(inProgress, seconds > 0 ? issued / seconds : 0));
    return true;
  }

  /** The client is gone: what it did stays counted, what it does does not. */
  synchronized void remove(Object client) {
    clusters.values().forEach(sums -> sums.clients.remove(client));
  }

  /** All clusters, sorted by name. */
  synchronized List<Load> list() {
    List<Load> list = new ArrayList<>();
    clusters.forEach(
        (cluster, sums) ->
            list.add(
                new Load(
                    cluster,
                    sums.clients.size(),
                    sums.issued,
                    sums.succeeded,
                    sums.failed,
                    sums.dropped,
                    sums.clients.values().stream().mapToLong(Last::inProgress).sum(),
                    sums.clients.values().stream().mapToDouble(Last::issuedPerSecond).sum())));
    return list;
  }
}
