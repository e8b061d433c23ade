package dev.holdfast.gateway.http2.codec;

import dev.holdfast.gateway.limits.MetLimit;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2LifecycleManager;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The time limit for the rest of a frame or header block that a peer has begun: nothing else can
 * arrive on the connection meanwhile. Uses at most one timer.
 */
final class FrameTimer {
  /** The value for no time limit. */
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

  /** Sets the manager that closes the connection. */
  void lifecycleManager(Http2LifecycleManager manager) {
    connection = manager;
  }

  /**
   * Records that bytes were read.
   *
   * @param isInside whether a frame or header block has begun and not ended
   * @param ended whether one has ended since the previous bytes
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
          new LimitExceededException(
              MetLimit.SLOW_FRAME, "a frame or header block that is not completed in time"));
    }
  }
}
