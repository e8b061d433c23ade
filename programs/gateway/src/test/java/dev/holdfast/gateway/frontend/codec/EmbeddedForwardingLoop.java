package dev.holdfast.gateway.frontend.codec;

import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.loop.ConfigSnapshot;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.route.Router;
import dev.holdfast.liveness.ConnectionRole;
import dev.holdfast.liveness.LivenessMeters;
import dev.holdfast.liveness.LivenessOptions;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.Map;

/** The forwarding context of a channel whose time a test moves. */
final class EmbeddedForwardingLoop {
  private record NoRoutes(Router router, Map<String, Cluster> clusters, GatewayLimits limits)
      implements ConfigSnapshot {}

  private EmbeddedForwardingLoop() {}

  static ForwardingLoop of(EmbeddedChannel channel) {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    ConfigSnapshot configSnapshot = new NoRoutes(head -> null, Map.of(), GatewayLimits.DEFAULT);
    return new ForwardingLoop(
        channel.eventLoop(),
        () -> configSnapshot,
        new ForwardingLoop.ConnectionMonitoring(
            LivenessOptions.DEFAULT,
            LivenessMeters.on(meters, ConnectionRole.SERVER),
            LivenessMeters.on(meters, ConnectionRole.CLIENT),
            new GatewayMeters(meters)));
  }
}
