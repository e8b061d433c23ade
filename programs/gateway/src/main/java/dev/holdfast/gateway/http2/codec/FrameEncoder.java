package dev.holdfast.gateway.http2.codec;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2LifecycleManager;
import io.netty.handler.codec.http2.Http2RemoteFlowController.FlowControlled;
import org.jspecify.annotations.Nullable;

/**
 * The frame encoder: a fast path for the frames of calls, around Netty's encoder. DATA is sent
 * unchanged, and at once while the windows are open, so that nothing waits behind it. Netty would
 * merge it with other DATA and keep all of it until the next flush.
 *
 * <p>No listener for the write of headers is needed: if it fails, the connection is ending anyway.
 * Informational headers do not occur, since the gateway forwards none.
 */
final class FrameEncoder extends DefaultHttp2ConnectionEncoder {
  /** The most bytes that small waiting frames are merged to. */
  private static final int MERGED_BYTES = 8_192;

  private final FrameStreams streams;
  private final BatchingFrameWriter frames;
  private final ControlFrameFloodDetector control;
  private @Nullable Http2LifecycleManager lifecycle;

  /**
   * Creates the encoder of one connection.
   *
   * @param control is told of each DATA frame that is written
   */
  FrameEncoder(
      FrameStreams streams, BatchingFrameWriter frames, ControlFrameFloodDetector control) {
    super(streams, frames);
    this.control = control;
    this.streams = streams;
    this.frames = frames;
  }

  @Override
  public void lifecycleManager(Http2LifecycleManager lifecycleManager) {
    lifecycle = lifecycleManager;
    streams.lifecycle(lifecycleManager);
    super.lifecycleManager(lifecycleManager);
  }

  @Override
  public BatchingFrameWriter frameWriter() {
    return frames;
  }

  /**
   * Sends DATA when its stream and the windows allow it.
   *
   * @param data stays its caller's
   * @param hearer is told when the DATA was written or dropped
   */
  void send(
      ChannelHandlerContext ctx,
      FrameStream stream,
      ByteBuf data,
      boolean end,
      @Nullable WriteListener hearer) {
    if (!stream.state().localSideOpen()) {
      fail(hearer);
      return;
    }
    int bytes = data.readableBytes();
    FrameStream whole = streams.connectionStream();
    try {
      if (bytes <= stream.sendWindow
          && bytes <= whole.sendWindow
          && !stream.isWaiting()
          && ctx.channel().isWritable()) {
        stream.sendWindow -= bytes;
        whole.sendWindow -= bytes;
        write(ctx, stream, data, end, hearer);
      } else {
        flowController().addFlowControlled(stream, new WaitingBytes(stream, data, end, hearer));
        flowController().writePendingBytes();
      }
    } catch (Http2Exception e) {
      onError(ctx, e);
    }
  }

  /**
   * Sends headers behind waiting DATA of the stream.
   *
   * @param hearer is told when the headers were written or dropped
   */
  void send(
      ChannelHandlerContext ctx,
      FrameStream stream,
      Http2Headers headers,
      boolean end,
      @Nullable WriteListener hearer) {
    boolean inPlace = end ? !stream.isTrailersSent() : !stream.isHeadersSent();
    if (!stream.state().localSideOpen() || !inPlace) {
      fail(hearer);
    } else if (stream.isWaiting()) {
      flowController().addFlowControlled(stream, new WaitingHeaders(stream, headers, end, hearer));
    } else {
      write(ctx, stream, headers, end, hearer);
    }
  }

  private void write(
      ChannelHandlerContext ctx,
      FrameStream stream,
      ByteBuf data,
      boolean end,
      @Nullable WriteListener hearer) {
    control.onDataSent();
    frames.data(ctx, stream.id(), data, end, hearer, end ? closing(stream) : null);
    if (end) {
      closeHere(stream);
    }
  }

  private void write(
      ChannelHandlerContext ctx,
      FrameStream stream,
      Http2Headers headers,
      boolean end,
      @Nullable WriteListener hearer) {
    try {
      frames.headers(ctx, stream.id(), headers, end, hearer, end ? closing(stream) : null);
    } catch (Http2Exception | RuntimeException e) {
      if (hearer instanceof HeadersWrite write) {
        write.fail(e);
      }
      fail(hearer);
      onError(ctx, e);
      return;
    }
    stream.headersSent(false);
    if (end) {
      closeHere(stream);
    }
  }

  /**
   * The listener that ends a stream with the write of its last frame; null while the peer's half is
   * open.
   */
  private static @Nullable WriteListener closing(FrameStream stream) {
    return stream.state().remoteSideOpen() ? null : stream;
  }

  /** Half-closes a stream whose other half is open. */
  private static void closeHere(FrameStream stream) {
    if (stream.state().remoteSideOpen()) {
      stream.closeLocalSide();
    }
  }

  private void onError(ChannelHandlerContext ctx, Throwable cause) {
    Http2LifecycleManager manager = lifecycle;
    if (manager != null) {
      manager.onError(ctx, true, cause);
    }
  }

  private static void fail(@Nullable WriteListener hearer) {
    if (hearer != null) {
      hearer.onWritten(false);
    }
  }

  /** A frame that waits for its windows, or for the frames before it. */
  private abstract static class Waiting implements FlowControlled {
    final FrameStream stream;
    boolean end;
    @Nullable WriteListener hearer;

    Waiting(FrameStream stream, boolean end, @Nullable WriteListener hearer) {
      this.stream = stream;
      this.end = end;
      this.hearer = hearer;
    }

    @Override
    public void writeComplete() {
      // Who hears of it was told with the frame.
    }

    @Override
    public void error(@Nullable ChannelHandlerContext ctx, Throwable cause) {
      fail(hearer);
    }

    @Override
    public boolean merge(ChannelHandlerContext ctx, FlowControlled next) {
      return false;
    }
  }

  /**
   * DATA that waits. Small frames are copied and appended to a waiting one: a slice would hold the
   * whole buffer of a socket read, and a frame of one byte takes some hundreds.
   *
   * <p>Frames that wait for a window are copied too, since they may wait for long in a buffer with
   * frames of others. An array without other bytes, as in transcoded responses, is kept as it is.
   */
  private final class WaitingBytes extends Waiting {
    private final ByteBuf data;
    private final boolean copied;
    private int left;

    WaitingBytes(FrameStream stream, ByteBuf data, boolean end, @Nullable WriteListener hearer) {
      super(stream, end, hearer);
      this.left = data.readableBytes();
      int window = Math.min(stream.sendWindow, streams.connectionStream().sendWindow);
      boolean alone = data.hasArray() && data.array().length == left;
      boolean spares = data.capacity() > FrameConnection.MOST_SPARE * left;
      this.copied =
          !alone && (left <= BatchingFrameWriter.COPIED_BYTES || (left > window && spares));
      this.data = copied ? data.copy() : data.retainedSlice();
    }

    @Override
    public boolean merge(ChannelHandlerContext ctx, FlowControlled next) {
      if (!(next instanceof WaitingBytes more)
          || end
          || !(copied && more.copied)
          || left + more.left > MERGED_BYTES) {
        return false;
      }
      if (hearer instanceof WindowCredit first
          && more.hearer instanceof WindowCredit second
          && first.isOfSame(second)) {
        hearer = first.with(second);
      } else if (hearer != null || more.hearer != null) {
        return false;
      }
      data.writeBytes(more.data);
      more.data.release();
      left += more.left;
      end = more.end;
      return true;
    }

    @Override
    public int size() {
      return left;
    }

    @Override
    public void write(ChannelHandlerContext ctx, int allowedBytes) {
      if (left <= allowedBytes) {
        left = 0;
        FrameEncoder.this.write(ctx, stream, data, end, hearer);
        data.release();
      } else if (allowedBytes > 0) {
        left -= allowedBytes;
        FrameEncoder.this.write(ctx, stream, data.readSlice(allowedBytes), false, null);
      }
    }

    @Override
    public void error(@Nullable ChannelHandlerContext ctx, Throwable cause) {
      data.release();
      super.error(ctx, cause);
    }
  }

  private final class WaitingHeaders extends Waiting {
    private final Http2Headers headers;

    WaitingHeaders(
        FrameStream stream, Http2Headers headers, boolean end, @Nullable WriteListener hearer) {
      super(stream, end, hearer);
      this.headers = headers;
    }

    @Override
    public int size() {
      return 0;
    }

    @Override
    public void write(ChannelHandlerContext ctx, int allowedBytes) {
      FrameEncoder.this.write(ctx, stream, headers, end, hearer);
    }
  }
}
