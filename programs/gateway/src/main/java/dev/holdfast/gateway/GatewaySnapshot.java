package dev.holdfast.gateway;

import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.health.HealthCheckOptions;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.loop.ConfigSnapshot;
import dev.holdfast.gateway.route.Router;
import java.util.HashMap;
import java.util.Map;

/**
 * A configuration snapshot, which is replaced as a whole.
 *
 * @param router finds the route of a request
 * @param clusters by name; open while a gateway uses the snapshot
 * @param limits of connections that are accepted from now on
 * @param health the health check options of clusters, by name
 */
public record GatewaySnapshot(
    Router router,
    Map<String, Cluster> clusters,
    GatewayLimits limits,
    Map<String, HealthCheckOptions> health)
    implements ConfigSnapshot {
  public GatewaySnapshot {
    clusters = Map.copyOf(clusters);
    health = Map.copyOf(health);
  }

  /**
   * This snapshot with further clusters, for requests that still refer to them; its own take
   * precedence.
   */
  public GatewaySnapshot keeping(Map<String, Cluster> others) {
    Map<String, Cluster> all = new HashMap<>(others);
    all.putAll(clusters);
    return new GatewaySnapshot(router, all, limits, health);
  }

  /** A snapshot without active health checks. */
  public GatewaySnapshot(Router router, Map<String, Cluster> clusters, GatewayLimits limits) {
    this(router, clusters, limits, Map.of());
  }
}
