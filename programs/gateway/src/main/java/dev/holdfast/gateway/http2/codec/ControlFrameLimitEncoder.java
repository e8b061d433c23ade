package dev.holdfast.gateway.http2.codec;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DecoratingHttp2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2LifecycleManager;
import org.jspecify.annotations.Nullable;

/**
 * The limit of control frames for a peer that causes responses without reading them, or makes the
 * gateway reset stream after stream (CVE-2025-8671): its connection is closed. Netty has both
 * limits, but only for its own encoder.
 */
final class ControlFrameLimitEncoder extends DecoratingHttp2ConnectionEncoder {
  private final int maxQueued;
  private final int maxResets;
  private final long windowNanos;
  private final ChannelFutureListener sent = write -> onSent();
  private @Nullable Http2LifecycleManager lifecycle;
  private int queued;
  private boolean met;
  private int resets;
  private long windowSinceNanos = System.nanoTime();

  /**
   * Creates the limits around an encoder.
   *
   * @param maxQueued PING, SETTINGS and RST_STREAM frames that wait to be written
   * @param maxResets streams that are reset for the peer's errors in one window; 0 for any number
   * @param windowNanos the length of a window, in nanoseconds
   */
  ControlFrameLimitEncoder(
      Http2ConnectionEncoder delegate, int maxQueued, int maxResets, long windowNanos) {
    super(delegate);
    this.maxQueued = maxQueued;
    this.maxResets = maxResets;
    this.windowNanos = windowNanos;
  }

  @Override
  public void lifecycleManager(Http2LifecycleManager lifecycleManager) {
    lifecycle = lifecycleManager;
    super.lifecycleManager(lifecycleManager);
  }

  @Override
  public ChannelFuture writeSettingsAck(ChannelHandlerContext ctx, ChannelPromise promise) {
    return super.writeSettingsAck(ctx, counted(ctx, promise));
  }

  @Override
  public ChannelFuture writePing(
      ChannelHandlerContext ctx, boolean ack, long data, ChannelPromise promise) {
    return super.writePing(ctx, ack, data, ack ? counted(ctx, promise) : promise);
  }

  @Override
  public ChannelFuture writeRstStream(
      ChannelHandlerContext ctx, int streamId, long errorCode, ChannelPromise promise) {
    ChannelFuture write = super.writeRstStream(ctx, streamId, errorCode, counted(ctx, promise));
    boolean peersError =
        errorCode != Http2Error.CANCEL.code() && errorCode != Http2Error.NO_ERROR.code();
    if (maxResets > 0 && peersError) {
      onReset(ctx);
    }
    return write;
  }

  private ChannelPromise counted(ChannelHandlerContext ctx, ChannelPromise promise) {
    if (met) {
      return promise;
    }
    if (queued == maxQueued) {
      ctx.flush();
    }
    if (queued == maxQueued) {
      met = true;
      end(ctx, "more than " + maxQueued + " control frames wait to be written");
    }
    queued++;
    return promise.unvoid().addListener(sent);
  }

  private void onSent() {
    queued--;
  }

  private void onReset(ChannelHandlerContext ctx) {
    long nowNanos = System.nanoTime();
    if (nowNanos - windowSinceNanos >= windowNanos) {
      windowSinceNanos = nowNanos;
      resets = 0;
    }
    resets++;
    if (resets > maxResets) {
      end(ctx, "more than " + maxResets + " streams were reset for errors");
    }
  }

  private void end(ChannelHandlerContext ctx, String why) {
    if (lifecycle != null) {
      lifecycle.onError(
          ctx, true, Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, "%s", why));
    }
    var unused = ctx.close();
  }
}
