package dev.holdfast.liveness;

import dev.holdfast.liveness.LivenessOptions.TcpOptions;
import io.netty.channel.ChannelHandlerContext;

/**
 * The access of one connection to its kernel socket: tcp_info, and TCP keepalive probes on demand.
 * Confined to the event loop.
 */
final class KernelProbes {
  private boolean nudged;

  void configure(ChannelHandlerContext ctx, TcpOptions options) {
    socket(ctx).configure(ctx.channel(), options);
  }

  boolean hasKernel(ChannelHandlerContext ctx) {
    return socket(ctx).hasKernel();
  }

  /** Makes the kernel probe the peer, each second until {@link #end}. */
  void begin(ChannelHandlerContext ctx) {
    nudged = true;
    socket(ctx).nudge(ctx.channel());
  }

  void end(ChannelHandlerContext ctx, TcpOptions options) {
    if (nudged) {
      nudged = false;
      socket(ctx).afterNudge(ctx.channel(), options);
    }
  }

  /** Ends the probing and reads the kernel's TCP state. */
  KernelEvidence read(ChannelHandlerContext ctx, TcpOptions options) {
    end(ctx, options);
    return socket(ctx).read(ctx.channel());
  }

  /** Looked up and not kept: a check of a type now and then is less than a field for all time. */
  private static WatchedSocket socket(ChannelHandlerContext ctx) {
    return WatchedSocket.of(ctx.channel());
  }
}
