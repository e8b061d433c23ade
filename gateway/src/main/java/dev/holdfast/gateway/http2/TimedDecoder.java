package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.limits.MetLimit;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DecoratingHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2LifecycleManager;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ends a connection whose peer begins a frame, or a block of headers, and does not end it in time:
 * nothing else can come on it meanwhile. There is at most one timer.
 */
final class TimedDecoder extends DecoratingHttp2ConnectionDecoder {
  private final FrameProgress progress = new FrameProgress();
  private final long limitNanos;
  private @Nullable Http2LifecycleManager connection;
  private long insideSinceNanos;
  private boolean inside;
  private boolean watched;

  TimedDecoder(Http2ConnectionDecoder delegate, long limitNanos) {
    super(delegate);
    this.limitNanos = limitNanos;
  }

  @Override
  public void lifecycleManager(Http2LifecycleManager lifecycleManager) {
    connection = lifecycleManager;
    super.lifecycleManager(lifecycleManager);
  }

  @Override
  public void decodeFrame(ChannelHandlerContext ctx, ByteBuf in, List<Object> out)
      throws Http2Exception {
    long ended = progress.ends();
    progress.onBytes(in);
    try {
      super.decodeFrame(ctx, in, out);
    } finally {
      progress.onDecoded(in);
      boolean wasInside = inside;
      inside = progress.isInside();
      if (inside && (!wasInside || progress.ends() != ended)) {
        insideSinceNanos = System.nanoTime();
        watch(ctx, limitNanos);
      }
    }
  }

  private void watch(ChannelHandlerContext ctx, long delayNanos) {
    if (!watched) {
      watched = true;
      var unused = ctx.executor().schedule(() -> check(ctx), delayNanos, TimeUnit.NANOSECONDS);
    }
  }

  private void check(ChannelHandlerContext ctx) {
    watched = false;
    if (!inside || !ctx.channel().isActive()) {
      return;
    }
    long leftNanos = insideSinceNanos + limitNanos - System.nanoTime();
    Http2LifecycleManager of = connection;
    if (leftNanos > 0) {
      watch(ctx, leftNanos);
    } else if (of != null) {
      of.onError(
          ctx,
          false,
          new LimitMetException(MetLimit.SLOW_FRAME, "a frame or headers that don't end"));
    }
  }
}
