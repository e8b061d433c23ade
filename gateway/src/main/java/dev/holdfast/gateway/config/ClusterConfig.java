package dev.holdfast.gateway.config;

import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.gateway.cluster.ClusterOptions;
import dev.holdfast.gateway.health.HealthOptions;
import dev.holdfast.gateway.tls.UpstreamTls;
import java.util.Optional;

/**
 * A cluster as it is configured.
 *
 * @param target the service that it follows; empty when its endpoints are listed
 * @param endpoints the list of a cluster without a target
 * @param options how its endpoints are chosen and connected, but for TLS
 * @param tls what its connections speak TLS with; empty for plaintext
 * @param health how its endpoints are checked; empty for not at all
 */
public record ClusterConfig(
    Optional<ServiceTarget> target,
    EndpointSet endpoints,
    ClusterOptions options,
    Optional<UpstreamTls> tls,
    Optional<HealthOptions> health) {
  /** A cluster that follows a service, in plaintext. */
  public static ClusterConfig following(ServiceTarget target, ClusterOptions options) {
    return new ClusterConfig(
        Optional.of(target), EndpointSet.EMPTY, options, Optional.empty(), Optional.empty());
  }

  /**
   * What of it a gateway of this zone makes connections by; where that stays they do, whatever else
   * changes.
   */
  ClusterConfig connectedIn(String zone) {
    return new ClusterConfig(
        target,
        endpoints,
        options.withSpread(options.spread().withZone(zone)),
        tls,
        Optional.empty());
  }
}
