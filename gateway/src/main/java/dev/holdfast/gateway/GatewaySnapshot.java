package dev.holdfast.gateway;

import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.http2.Terms;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.route.Router;
import java.util.Map;

/**
 * All that a request meets, swapped as one.
 *
 * @param router finds the route of a request
 * @param clusters by name; open while a gateway uses the snapshot
 * @param limits of connections that are accepted from now on
 */
public record GatewaySnapshot(Router router, Map<String, Cluster> clusters, GatewayLimits limits)
    implements Terms {
  public GatewaySnapshot {
    clusters = Map.copyOf(clusters);
  }
}
