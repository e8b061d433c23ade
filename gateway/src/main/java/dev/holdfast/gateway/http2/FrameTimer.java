package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.limits.MetLimit;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2LifecycleManager;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ends a connection whose peer begins a frame, or a block of headers, and does not end it in time:
 * nothing else can come on it meanwhile. There is at most one timer.
 */
final class FrameTimer {
  /** No time is too long. */
  static final long UNTIMED = 0;

  private final long limitNanos;
  private @Nullable Http2LifecycleManager connection;
  private long insideSinceNanos;
  private boolean inside;
  private boolean watched;

  /**
   * @param limitNanos how long a frame or a block may take; {@link #UNTIMED} for any time
   */
  FrameTimer(long limitNanos) {
    this.limitNanos = limitNanos;
  }

  /** What is ended. */
  void lifecycleManager(Http2LifecycleManager manager) {
    connection = manager;
  }

  /**
   * Bytes came.
   *
   * @param isInside whether something has begun that has not ended
   * @param ended whether something ended since the bytes before
   */
  void onProgress(ChannelHandlerContext ctx, boolean isInside, boolean ended) {
    boolean began = isInside && (!inside || ended);
    inside = isInside;
    if (began && limitNanos != UNTIMED) {
      insideSinceNanos = System.nanoTime();
      watch(ctx, limitNanos);
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
