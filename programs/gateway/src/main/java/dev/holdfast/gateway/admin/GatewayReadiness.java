package dev.holdfast.gateway.admin;

import dev.holdfast.gateway.Gateway;
import java.util.Optional;

/** Readiness of a gateway for traffic, as load balancers and Kubernetes probe it. */
final class GatewayReadiness {
  private GatewayReadiness() {}

  /** The reason for which the gateway should get no traffic now; empty when it is ready. */
  static Optional<String> notReadyBecause(Gateway gateway) {
    if (gateway.isDraining()) {
      return Optional.of("draining");
    }
    return gateway.snapshot().router().awaitsServices()
        ? Optional.of("the registry has not said yet which services it has")
        : Optional.empty();
  }
}
