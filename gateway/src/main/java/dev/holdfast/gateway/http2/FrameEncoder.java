package dev.holdfast.gateway.http2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameWriter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2LifecycleManager;
import io.netty.handler.codec.http2.Http2RemoteFlowController;
import io.netty.handler.codec.http2.Http2RemoteFlowController.FlowControlled;
import io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;

/**
 * Netty's encoder, with a shorter way for what calls consist of. A frame of DATA goes out as it
 * came, and at once when the windows are open, so that nothing has to wait behind it; Netty would
 * merge it with others and keep all of them until the next flush. Nobody listens whether headers
 * reach the socket but who wrote them: if they don't, the connection is at its end anyway.
 *
 * <p>Headers are never informational ones: the gateway passes none on.
 */
final class FrameEncoder extends DefaultHttp2ConnectionEncoder {
  private @Nullable Http2LifecycleManager lifecycle;

  FrameEncoder(Http2Connection connection, Http2FrameWriter frames) {
    super(connection, frames);
  }

  @Override
  public void lifecycleManager(Http2LifecycleManager lifecycleManager) {
    lifecycle = lifecycleManager;
    super.lifecycleManager(lifecycleManager);
  }

  @Override
  public ChannelFuture writeData(
      ChannelHandlerContext ctx,
      int streamId,
      ByteBuf data,
      int padding,
      boolean endOfStream,
      ChannelPromise promise) {
    Http2Stream stream = connection().stream(streamId);
    Http2LifecycleManager manager = lifecycle;
    if (padding > 0 || stream == null || manager == null || !stream.state().localSideOpen()) {
      return super.writeData(ctx, streamId, data, padding, endOfStream, promise);
    }
    int bytes = data.readableBytes();
    try {
      if (mayGoNow(ctx, stream, bytes)) {
        flowController().incrementWindowSize(stream, -bytes);
        flowController().incrementWindowSize(connection().connectionStream(), -bytes);
        var unused = frameWriter().writeData(ctx, streamId, data, 0, endOfStream, promise);
        if (endOfStream) {
          manager.closeStreamLocal(stream, promise);
        }
        return promise;
      }
      flowController()
          .addFlowControlled(stream, new WaitingFrame(stream, data, endOfStream, promise));
      flowController().writePendingBytes();
    } catch (Http2Exception e) {
      manager.onError(ctx, true, e);
    }
    return promise;
  }

  @Override
  public ChannelFuture writeHeaders(
      ChannelHandlerContext ctx,
      int streamId,
      Http2Headers headers,
      int padding,
      boolean endOfStream,
      ChannelPromise promise) {
    Http2LifecycleManager manager = lifecycle;
    Http2Stream stream = manager == null ? null : streamOf(streamId);
    if (stream == null || manager == null || !mayGoNow(stream, endOfStream)) {
      return super.writeHeaders(ctx, streamId, headers, padding, endOfStream, promise);
    }
    ChannelFuture write =
        frameWriter().writeHeaders(ctx, streamId, headers, padding, endOfStream, promise);
    Throwable cause = write.cause();
    if (cause == null) {
      stream.headersSent(false);
    } else {
      manager.onError(ctx, true, cause);
    }
    if (endOfStream) {
      manager.closeStreamLocal(stream, write);
    }
    return write;
  }

  /** The stream of headers that are to be written; a client's first ones open it. */
  private @Nullable Http2Stream streamOf(int streamId) {
    Http2Stream known = connection().stream(streamId);
    if (known != null || connection().isServer()) {
      return known;
    }
    try {
      return connection().local().createStream(streamId, false);
    } catch (Http2Exception e) {
      // Netty's own way meets it again, and tells of it.
      return null;
    }
  }

  /** Whether nothing is before this DATA, and it fits into both windows and into the channel. */
  private boolean mayGoNow(ChannelHandlerContext ctx, Http2Stream stream, int bytes) {
    Http2RemoteFlowController windows = flowController();
    return windows.windowSize(stream) >= bytes
        && windows.windowSize(connection().connectionStream()) >= bytes
        && !windows.hasFlowControlled(stream)
        && ctx.channel().isWritable();
  }

  /** Whether nothing is before these headers, and none of them were sent before. */
  private boolean mayGoNow(Http2Stream stream, boolean last) {
    return stream.state().localSideOpen()
        && !stream.isTrailersSent()
        && (last ? !flowController().hasFlowControlled(stream) : !stream.isHeadersSent());
  }

  /** A frame that waits for its windows. */
  private final class WaitingFrame implements FlowControlled {
    private final Http2Stream stream;
    private final ByteBuf data;
    private final boolean end;
    private final ChannelPromise promise;
    private int left;

    WaitingFrame(Http2Stream stream, ByteBuf data, boolean end, ChannelPromise promise) {
      this.stream = stream;
      this.data = data;
      this.end = end;
      this.promise = promise;
      this.left = data.readableBytes();
    }

    @Override
    public int size() {
      return left;
    }

    @Override
    public void write(ChannelHandlerContext ctx, int allowedBytes) {
      if (left <= allowedBytes) {
        left = 0;
        var unused = frameWriter().writeData(ctx, stream.id(), data, 0, end, promise);
      } else if (allowedBytes > 0) {
        left -= allowedBytes;
        ByteBuf part = data.readRetainedSlice(allowedBytes);
        var unused = frameWriter().writeData(ctx, stream.id(), part, 0, false, ctx.newPromise());
      }
    }

    @Override
    public void writeComplete() {
      if (end && lifecycle != null) {
        lifecycle.closeStreamLocal(stream, promise);
      }
    }

    @Override
    public void error(@Nullable ChannelHandlerContext ctx, Throwable cause) {
      data.release();
      promise.tryFailure(cause);
      if (ctx != null && lifecycle != null) {
        lifecycle.onError(ctx, true, cause);
      }
    }

    @Override
    public boolean merge(ChannelHandlerContext ctx, FlowControlled next) {
      return false;
    }
  }
}
