package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.route.Router;
import java.util.Map;

/** What a request meets, as the native path sees it: the parts of a snapshot. */
public interface Terms {
  Router router();

  Map<String, Cluster> clusters();

  GatewayLimits limits();
}
