package dev.holdfast.gateway.socket;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The lingering close of a connection: its output ends first, and its input is read until the peer
 * closes or the time has passed. Over TLS a close_notify ends the output before the FIN. Confined
 * to the event loop.
 *
 * <p>A socket that is closed at once answers further input with RST. Then the peer's kernel drops
 * what the peer has not read yet: the end of its last response.
 */
public final class LingeringClose {
  private static final AttributeKey<Boolean> BEGUN =
      AttributeKey.valueOf(LingeringClose.class, "BEGUN");

  private LingeringClose() {}

  /**
   * Begins the lingering close after all output was written; a second call does nothing.
   *
   * @param most the longest time from now, also for a peer that does not read the close_notify
   */
  public static void begin(ChannelHandlerContext ctx, Duration most) {
    if (!(ctx.channel() instanceof DuplexChannel channel)) {
      var unused = ctx.close();
      return;
    }
    if (!channel.isActive() || isBegun(channel)) {
      return;
    }
    channel.attr(BEGUN).set(true);
    ScheduledFuture<?> timer =
        channel.eventLoop().schedule(() -> cut(channel), most.toNanos(), TimeUnit.NANOSECONDS);
    var unusedEnd = channel.closeFuture().addListener(closed -> timer.cancel(false));
    SslHandler tls = ctx.pipeline().get(SslHandler.class);
    if (tls == null) {
      endOutput(channel);
    } else {
      var unused = tls.closeOutbound().addListener(sent -> endOutput(channel));
    }
  }

  /** Whether the output of a channel has ended, or is about to. */
  public static boolean isBegun(Channel channel) {
    return channel.attr(BEGUN).get() != null;
  }

  private static void endOutput(DuplexChannel channel) {
    var unused = channel.shutdownOutput();
  }

  /** Closes the socket below TLS, which would wait for a peer that reads nothing. */
  private static void cut(Channel channel) {
    channel.unsafe().close(channel.unsafe().voidPromise());
  }
}
