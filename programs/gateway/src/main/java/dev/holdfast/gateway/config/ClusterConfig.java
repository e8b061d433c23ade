package dev.holdfast.gateway.config;

import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.gateway.cluster.ClusterOptions;
import dev.holdfast.gateway.health.HealthCheckOptions;
import dev.holdfast.gateway.tls.UpstreamTls;
import java.util.Optional;

/**
 * The configuration of one cluster.
 *
 * @param target the service whose endpoints are followed; empty when the endpoints are listed
 * @param endpoints the listed endpoints of a cluster without a target
 * @param options load balancing and connection options, except TLS
 * @param tls TLS of upstream connections; empty for plaintext
 * @param health active health checks; empty for none
 */
public record ClusterConfig(
    Optional<ServiceTarget> target,
    EndpointSet endpoints,
    ClusterOptions options,
    Optional<UpstreamTls> tls,
    Optional<HealthCheckOptions> health) {
  /** The configuration of a cluster that follows a service, in plaintext. */
  public static ClusterConfig following(ServiceTarget target, ClusterOptions options) {
    return new ClusterConfig(
        Optional.of(target), EndpointSet.EMPTY, options, Optional.empty(), Optional.empty());
  }

  /**
   * The part of the configuration that connections depend on, for a gateway in a zone. As long as
   * this part is equal, a reload keeps the cluster's connections.
   */
  ClusterConfig connectedIn(String zone) {
    return new ClusterConfig(
        target,
        endpoints,
        options.withLoadBalancing(options.loadBalancing().withZone(zone)),
        tls,
        Optional.empty());
  }
}
