package dev.holdfast.gateway.http2;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The lingering close of a connection: its output ends first, and its input is read until the
 * client closes or the time is over. On its event loop only.
 *
 * <p>A socket that is closed at once answers the next WINDOW_UPDATE or PING of its client with a
 * reset, and the kernel drops what the client has not read yet: the end of its last answer.
 */
final class LingeringClose {
  private LingeringClose() {}

  /** Begins when all that is to be sent was written; a second time does nothing. */
  static void begin(ChannelHandlerContext ctx, Duration most) {
    if (!(ctx.channel() instanceof DuplexChannel channel)) {
      var unused = ctx.close();
      return;
    }
    SslHandler tls = ctx.pipeline().get(SslHandler.class);
    if (tls == null) {
      endOutput(channel, most);
    } else {
      var unused = tls.closeOutbound().addListener(sent -> endOutput(channel, most));
    }
  }

  /** Whether the output of a channel has ended. */
  static boolean isBegun(Channel channel) {
    return channel instanceof DuplexChannel duplex && duplex.isOutputShutdown();
  }

  private static void endOutput(DuplexChannel channel, Duration most) {
    if (channel.isOutputShutdown()) {
      return;
    }
    Runnable end = () -> close(channel);
    ScheduledFuture<?> timer =
        channel.eventLoop().schedule(end, most.toNanos(), TimeUnit.NANOSECONDS);
    var unusedEnd = channel.closeFuture().addListener(closed -> timer.cancel(false));
    var unused = channel.shutdownOutput();
  }

  private static void close(DuplexChannel channel) {
    var unused = channel.close();
  }
}
