package dev.holdfast.gateway.loop;

import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.route.Router;
import java.util.Map;

/** The parts of a configuration snapshot that gRPC forwarding uses. */
public interface ConfigSnapshot {
  Router router();

  Map<String, Cluster> clusters();

  GatewayLimits limits();
}
