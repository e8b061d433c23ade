package dev.holdfast.inprocess;

import dev.holdfast.gateway.GatewaySnapshot;
import dev.holdfast.gateway.http1.ProtocolPeek;
import dev.holdfast.gateway.http2.ForwardingLoop;
import dev.holdfast.gateway.http2.WebFace;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.liveness.LivenessMeters;
import dev.holdfast.liveness.LivenessOptions;
import dev.holdfast.liveness.Role;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Initializer that serves the accepted channels of another Netty server, with one state per event
 * loop. Shareable.
 */
@Sharable
final class MountedFace extends ChannelInitializer<Channel> {
  private final WebFace face;
  private final GatewaySnapshot snapshot;
  private final ForwardingLoop.Watching watching;
  private final Map<EventLoop, ForwardingLoop> loops = new ConcurrentHashMap<>();

  MountedFace(WebFace face, GatewayLimits limits, MeterRegistry meters) {
    this.face = face;
    this.snapshot = new GatewaySnapshot(FacesOnly.ROUTER, Map.of(), limits);
    this.watching =
        new ForwardingLoop.Watching(
            LivenessOptions.DEFAULT,
            LivenessMeters.on(meters, Role.SERVER),
            LivenessMeters.on(meters, Role.CLIENT),
            new GatewayMeters(meters));
  }

  @Override
  protected void initChannel(Channel channel) {
    ForwardingLoop loop =
        loops.computeIfAbsent(
            channel.eventLoop(), thread -> new ForwardingLoop(thread, () -> snapshot, watching));
    channel.pipeline().addLast(new ProtocolPeek(loop, face));
  }
}
