package dev.holdfast.gateway.http2.codec;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DefaultHttp2FrameWriter;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersEncoder;
import io.netty.util.concurrent.FastThreadLocal;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/**
 * The writer of the frames of calls into the {@link FrameBatch} of their connection. Other frames
 * go to the batch as separate messages, in the same order.
 */
final class BatchingFrameWriter extends DefaultHttp2FrameWriter {
  /**
   * The longest DATA that is copied; a copy of longer DATA would cost more than a separate write.
   */
  static final int COPIED_BYTES = 2_048;

  private static final int HEAD_BYTES = 9;
  private static final int WINDOW_UPDATE_BYTES = 4;
  private static final int RST_STREAM_BYTES = 4;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;

  /**
   * A transfer array per thread: copying a few bytes between Netty's buffers is faster through an
   * array.
   */
  private static final FastThreadLocal<byte[]> PASSING =
      new FastThreadLocal<>() {
        @Override
        protected byte[] initialValue() {
          return new byte[COPIED_BYTES];
        }
      };

  private final Http2HeadersEncoder headersEncoder;
  private final FrameBatch batch;

  BatchingFrameWriter(Http2HeadersEncoder headersEncoder, FrameBatch batch) {
    super(headersEncoder);
    this.headersEncoder = headersEncoder;
    this.batch = batch;
  }

  FrameBatch batch() {
    return batch;
  }

  /**
   * Writes a DATA frame, as a copy if it is short.
   *
   * @param data stays the caller's
   * @param hearer is told when the frame is written; null for none
   * @param other is told after the first; null for none
   */
  void data(
      ChannelHandlerContext ctx,
      int id,
      ByteBuf data,
      boolean end,
      @Nullable WriteListener hearer,
      @Nullable WriteListener other) {
    int length = data.readableBytes();
    if (length > COPIED_BYTES || length > maxFrameSize()) {
      ChannelPromise promise = ctx.newPromise();
      tell(promise, hearer);
      tell(promise, other);
      var unusedWrite = super.writeData(ctx, id, data.retainedSlice(), 0, end, promise);
      return;
    }
    ByteBuf out = batch.open();
    head(out, length, Http2FrameTypes.DATA, end ? END_STREAM : 0, id);
    byte[] passing = PASSING.get();
    data.getBytes(data.readerIndex(), passing, 0, length);
    out.writeBytes(passing, 0, length);
    batch.notifyWhenWritten(hearer);
    batch.notifyWhenWritten(other);
    batch.add();
  }

  /**
   * Writes headers in HEADERS and CONTINUATION frames, or nothing if they cannot be encoded.
   *
   * @param hearer is told when the headers are written; null for none
   * @param other is told after the first; null for none
   */
  void headers(
      ChannelHandlerContext ctx,
      int id,
      Http2Headers headers,
      boolean endStream,
      @Nullable WriteListener hearer,
      @Nullable WriteListener other)
      throws Http2Exception {
    ByteBuf out = batch.open();
    int start = out.writerIndex();
    out.writeZero(HEAD_BYTES);
    try {
      headersEncoder.encodeHeaders(id, headers, out);
    } catch (Http2Exception | RuntimeException e) {
      batch.undo(start);
      throw e;
    }
    int end = endStream ? END_STREAM : 0;
    int length = out.writerIndex() - start - HEAD_BYTES;
    if (length <= maxFrameSize()) {
      out.writerIndex(start);
      head(out, length, Http2FrameTypes.HEADERS, end | END_HEADERS, id);
      out.writerIndex(start + HEAD_BYTES + length);
    } else {
      split(out, start, id, end);
    }
    batch.notifyWhenWritten(hearer);
    batch.notifyWhenWritten(other);
    batch.add();
  }

  @Override
  public ChannelFuture writeData(
      ChannelHandlerContext ctx,
      int streamId,
      ByteBuf data,
      int padding,
      boolean endStream,
      ChannelPromise promise) {
    if (padding > 0 || data.readableBytes() > COPIED_BYTES) {
      return super.writeData(ctx, streamId, data, padding, endStream, promise);
    }
    data(ctx, streamId, data, endStream, hearer(promise), null);
    data.release();
    return promise;
  }

  @Override
  public ChannelFuture writeHeaders(
      ChannelHandlerContext ctx,
      int streamId,
      Http2Headers headers,
      int padding,
      boolean endStream,
      ChannelPromise promise) {
    try {
      headers(ctx, streamId, headers, endStream, hearer(promise), null);
    } catch (Http2Exception | RuntimeException e) {
      return promise.setFailure(e);
    }
    return promise;
  }

  @Override
  public ChannelFuture writeWindowUpdate(
      ChannelHandlerContext ctx, int streamId, int windowSizeIncrement, ChannelPromise promise) {
    ByteBuf out = batch.open();
    head(out, WINDOW_UPDATE_BYTES, Http2FrameTypes.WINDOW_UPDATE, 0, streamId);
    out.writeInt(windowSizeIncrement);
    batch.notifyWhenWritten(hearer(promise));
    batch.add();
    return promise;
  }

  @Override
  public ChannelFuture writeRstStream(
      ChannelHandlerContext ctx, int streamId, long errorCode, ChannelPromise promise) {
    ByteBuf out = batch.open();
    head(out, RST_STREAM_BYTES, Http2FrameTypes.RST_STREAM, 0, streamId);
    out.writeInt((int) errorCode);
    batch.notifyWhenWritten(hearer(promise));
    batch.add();
    return promise;
  }

  private static void tell(ChannelPromise promise, @Nullable WriteListener hearer) {
    if (hearer != null) {
      var unused = promise.addListener(done -> hearer.onWritten(done.isSuccess()));
    }
  }

  private static WriteListener hearer(ChannelPromise promise) {
    return success -> {
      if (success) {
        promise.trySuccess();
      } else {
        promise.tryFailure(new ClosedChannelException());
      }
    };
  }

  /** Splits a header block that is too long for one frame into HEADERS and CONTINUATION frames. */
  private void split(ByteBuf out, int start, int streamId, int endFlag) {
    int from = start + HEAD_BYTES;
    ByteBuf block = out.copy(from, out.writerIndex() - from);
    try {
      out.writerIndex(start);
      byte type = Http2FrameTypes.HEADERS;
      int flags = endFlag;
      while (block.isReadable()) {
        int length = Math.min(maxFrameSize(), block.readableBytes());
        int last = length == block.readableBytes() ? END_HEADERS : 0;
        head(out, length, type, flags | last, streamId);
        out.writeBytes(block, length);
        type = Http2FrameTypes.CONTINUATION;
        flags = 0;
      }
    } finally {
      block.release();
    }
  }

  private static void head(ByteBuf out, int length, byte type, int flags, int streamId) {
    out.ensureWritable(HEAD_BYTES + length);
    out.writeMedium(length);
    out.writeByte(type);
    out.writeByte(flags);
    out.writeInt(streamId);
  }
}
