package dev.holdfast.gateway.http2.codec;

import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.limits.LoopMemory;
import io.netty.channel.EventLoop;

/** The objects that all connections of one event loop share. */
public final class LoopResources {
  private final FlushList flushes;
  private final GatewayMeters meters;
  private final LoopMemory memory;

  public LoopResources(EventLoop loop, GatewayMeters meters, LoopMemory memory) {
    Http2Codec.requireKnown();
    this.flushes = new FlushList(loop);
    this.meters = meters;
    this.memory = memory;
  }

  FlushList flushes() {
    return flushes;
  }

  public GatewayMeters meters() {
    return meters;
  }

  public LoopMemory memory() {
    return memory;
  }
}
