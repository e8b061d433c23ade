package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.route.Router;
import java.util.Map;

/** The parts of a configuration snapshot that gRPC forwarding uses. */
public interface Terms {
  Router router();

  Map<String, Cluster> clusters();

  GatewayLimits limits();
}
