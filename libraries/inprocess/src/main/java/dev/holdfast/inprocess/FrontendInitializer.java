package dev.holdfast.inprocess;

import dev.holdfast.gateway.GatewaySnapshot;
import dev.holdfast.gateway.call.Frontend;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.listener.ProtocolDetector;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.liveness.ConnectionRole;
import dev.holdfast.liveness.LivenessMeters;
import dev.holdfast.liveness.LivenessOptions;
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
final class FrontendInitializer extends ChannelInitializer<Channel> {
  private final Frontend frontend;
  private final GatewaySnapshot snapshot;
  private final ForwardingLoop.ConnectionMonitoring connectionMonitoring;
  private final Map<EventLoop, ForwardingLoop> loops = new ConcurrentHashMap<>();

  FrontendInitializer(Frontend frontend, GatewayLimits limits, MeterRegistry meters) {
    this.frontend = frontend;
    this.snapshot = new GatewaySnapshot(EmptyRouter.ROUTER, Map.of(), limits);
    this.connectionMonitoring =
        new ForwardingLoop.ConnectionMonitoring(
            LivenessOptions.DEFAULT,
            LivenessMeters.on(meters, ConnectionRole.SERVER),
            LivenessMeters.on(meters, ConnectionRole.CLIENT),
            new GatewayMeters(meters));
  }

  @Override
  protected void initChannel(Channel channel) {
    ForwardingLoop loop =
        loops.computeIfAbsent(
            channel.eventLoop(),
            thread -> new ForwardingLoop(thread, () -> snapshot, connectionMonitoring));
    channel.pipeline().addLast(new ProtocolDetector(loop, frontend));
  }
}
