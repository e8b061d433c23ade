package dev.holdfast.liveness;

import dev.holdfast.liveness.LivenessOptions.TcpOptions;
import io.netty.channel.ChannelHandlerContext;

/**
 * The access of one connection to its kernel socket: tcp_info, and TCP keepalive probes on demand.
 * Confined to the event loop.
 */
final class TcpProbes {
  private boolean nudged;

  void configure(ChannelHandlerContext ctx, TcpOptions options) {
    socket(ctx).configure(ctx.channel(), options);
  }

  boolean hasTcpInfo(ChannelHandlerContext ctx) {
    return socket(ctx).hasTcpInfo();
  }

  /** Makes the kernel probe the peer, each second until {@link #end}. */
  void begin(ChannelHandlerContext ctx) {
    nudged = true;
    socket(ctx).probeNow(ctx.channel());
  }

  void end(ChannelHandlerContext ctx, TcpOptions options) {
    if (nudged) {
      nudged = false;
      socket(ctx).restoreKeepalive(ctx.channel(), options);
    }
  }

  /** Ends the probing and reads the kernel's TCP state. */
  TcpInfo read(ChannelHandlerContext ctx, TcpOptions options) {
    end(ctx, options);
    return socket(ctx).read(ctx.channel());
  }

  /** Looked up and not kept: a check of a type now and then is less than a field for all time. */
  private static TcpSocketAccess socket(ChannelHandlerContext ctx) {
    return TcpSocketAccess.of(ctx.channel());
  }
}
