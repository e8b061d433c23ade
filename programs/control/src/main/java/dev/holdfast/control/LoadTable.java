package dev.holdfast.control;

import dev.holdfast.core.annotation.Limit;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterStats;
import io.envoyproxy.envoy.config.endpoint.v3.UpstreamLocalityStats;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The load reports of clients, aggregated by cluster. Call counts are sums since the start of the
 * control plane. Rates and calls in progress are those of each client's last report. Thread-safe.
 */
final class LoadTable {
  @Limit(
      of = "clusters of which load reports are kept",
      then =
          "the one that nobody reports on any more for the longest is forgotten; without such a"
              + " one, reports of further ones are counted and not kept")
  static final int MAX_CLUSTERS = 10_000;

  @Limit(
      of = "clusters that one client reports on",
      then = "its reports of further ones are counted and not kept")
  static final int MAX_CLUSTERS_OF_A_CLIENT = 1_000;

  @Limit(
      of = "characters in the name of a cluster of which load reports are kept",
      then = "reports of it are counted and not kept")
  static final int MAX_NAME_LENGTH = 1_000;

  private static final double NANOS_PER_SECOND = 1e9;

  /** The aggregated load of one cluster. */
  record ClusterLoad(
      String cluster,
      int clients,
      long issued,
      long succeeded,
      long failed,
      long dropped,
      long inProgress,
      double issuedPerSecond) {}

  /** The gauge values of a client's last report. */
  private record Last(long inProgress, double issuedPerSecond) {}

  private static final class Sums {
    long issued;
    long succeeded;
    long failed;
    long dropped;
    final Map<Object, Last> clients = new HashMap<>();
  }

  private final Map<String, Sums> clusters = new TreeMap<>();

  /** Clusters on which nobody reports any more, in the order in which that came about. */
  private final Set<String> unreported = new LinkedHashSet<>();

  private final Map<Object, Set<String>> clustersOf = new HashMap<>();

  /**
   * Adds a client's report to the sums of its cluster.
   *
   * @param client the key of the client's stream
   * @return false when the report exceeds a limit and is not kept
   */
  synchronized boolean add(Object client, ClusterStats stats) {
    String cluster = stats.getClusterName();
    if (cluster.length() > MAX_NAME_LENGTH || !mayReport(client, cluster)) {
      return false;
    }
    clustersOf.computeIfAbsent(client, c -> new HashSet<>()).add(cluster);
    unreported.remove(cluster);
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
    var interval = stats.getLoadReportInterval();
    double seconds = interval.getSeconds() + interval.getNanos() / NANOS_PER_SECOND;
    sums.clients.put(client, new Last(inProgress, seconds > 0 ? issued / seconds : 0));
    return true;
  }

  /**
   * Removes a client that disconnected: its call counts stay, its rates and calls in progress do
   * not.
   */
  synchronized void remove(Object client) {
    Set<String> reported = clustersOf.remove(client);
    if (reported == null) {
      return;
    }
    for (String cluster : reported) {
      Sums sums = clusters.get(cluster);
      if (sums != null && sums.clients.remove(client) != null && sums.clients.isEmpty()) {
        unreported.add(cluster);
      }
    }
  }

  private boolean mayReport(Object client, String cluster) {
    Set<String> reported = clustersOf.getOrDefault(client, Set.of());
    if (reported.contains(cluster)) {
      return true;
    }
    if (reported.size() >= MAX_CLUSTERS_OF_A_CLIENT) {
      return false;
    }
    if (clusters.size() < MAX_CLUSTERS || clusters.containsKey(cluster)) {
      return true;
    }
    Iterator<String> oldest = unreported.iterator();
    if (!oldest.hasNext()) {
      return false;
    }
    clusters.remove(oldest.next());
    oldest.remove();
    return true;
  }

  /** All clusters, sorted by name. */
  synchronized List<ClusterLoad> list() {
    List<ClusterLoad> list = new ArrayList<>();
    clusters.forEach(
        (cluster, sums) ->
            list.add(
                new ClusterLoad(
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
