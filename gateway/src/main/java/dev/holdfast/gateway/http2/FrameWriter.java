package dev.holdfast.gateway.http2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DefaultHttp2FrameWriter;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersEncoder;

/**
 * Writes the frames that calls consist of into the {@link FrameBatch} of their connection; the
 * others go to it as messages of their own, in the same order.
 */
final class FrameWriter extends DefaultHttp2FrameWriter {
  /** Longer DATA is handed on as it is: to copy it would cost more than a place in the queue. */
  private static final int COPIED_BYTES = 2_048;

  private static final int HEAD_BYTES = 9;
  private static final int WINDOW_UPDATE_BYTES = 4;
  private static final int RST_STREAM_BYTES = 4;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;

  private final Http2HeadersEncoder headersEncoder;
  private final FrameBatch batch;

  FrameWriter(Http2HeadersEncoder headersEncoder, FrameBatch batch) {
    super(headersEncoder);
    this.headersEncoder = headersEncoder;
    this.batch = batch;
  }

  FrameBatch batch() {
    return batch;
  }

  @Override
  public ChannelFuture writeData(
      ChannelHandlerContext ctx,
      int streamId,
      ByteBuf data,
      int padding,
      boolean endStream,
      ChannelPromise promise) {
    int length = data.readableBytes();
    if (padding > 0 || length > COPIED_BYTES || length > maxFrameSize()) {
      return super.writeData(ctx, streamId, data, padding, endStream, promise);
    }
    ByteBuf out = batch.open(ctx);
    head(out, length, Http2FrameTypes.DATA, endStream ? END_STREAM : 0, streamId);
    out.writeBytes(data);
    data.release();
    batch.add(promise);
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
    ByteBuf out = batch.open(ctx);
    int start = out.writerIndex();
    out.writeZero(HEAD_BYTES);
    try {
      headersEncoder.encodeHeaders(streamId, headers, out);
    } catch (Http2Exception | RuntimeException e) {
      batch.undo(start);
      return promise.setFailure(e);
    }
    int end = endStream ? END_STREAM : 0;
    int length = out.writerIndex() - start - HEAD_BYTES;
    if (length <= maxFrameSize()) {
      out.writerIndex(start);
      head(out, length, Http2FrameTypes.HEADERS, end | END_HEADERS, streamId);
      out.writerIndex(start + HEAD_BYTES + length);
    } else {
      split(out, start, streamId, end);
    }
    batch.add(promise);
    return promise;
  }

  @Override
  public ChannelFuture writeWindowUpdate(
      ChannelHandlerContext ctx, int streamId, int windowSizeIncrement, ChannelPromise promise) {
    ByteBuf out = batch.open(ctx);
    head(out, WINDOW_UPDATE_BYTES, Http2FrameTypes.WINDOW_UPDATE, 0, streamId);
    out.writeInt(windowSizeIncrement);
    batch.add(promise);
    return promise;
  }

  @Override
  public ChannelFuture writeRstStream(
      ChannelHandlerContext ctx, int streamId, long errorCode, ChannelPromise promise) {
    ByteBuf out = batch.open(ctx);
    head(out, RST_STREAM_BYTES, Http2FrameTypes.RST_STREAM, 0, streamId);
    out.writeInt((int) errorCode);
    batch.add(promise);
    return promise;
  }

  /** A block of headers that is too long for one frame goes on in others. */
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
