package dev.holdfast.gateway.http1;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Netty's HTTP/1.1 request decoder, paced by a {@link PacedInput}. */
public final class PacedRequestDecoder extends HttpRequestDecoder implements PacedDecoder {
  /** The CR LF behind the bytes of a chunk. */
  private static final int DELIMITER_BYTES = 2;

  private final PacedInput input;
  private @Nullable ChannelHandlerContext context;
  private boolean within;
  private boolean afterChunk;
  private long parts;

  /** A decoder with pacing; registers with the input when it is added to the pipeline. */
  public PacedRequestDecoder(HttpDecoderConfig config, PacedInput input) {
    super(config);
    this.input = input;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
    input.decoder(this);
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
    if (input.isDiscarding()) {
      in.skipBytes(in.readableBytes());
      return;
    }
    if (!input.mayDecode()) {
      return;
    }
    int before = in.readableBytes();
    super.decode(ctx, in, out);
    int bytes = before - in.readableBytes();
    if (out.isEmpty()) {
      within |= bytes > (afterChunk ? DELIMITER_BYTES : 0);
      afterChunk &= bytes == 0;
    } else {
      Object last = out.get(out.size() - 1);
      within = false;
      parts++;
      afterChunk = last instanceof HttpContent && !(last instanceof LastHttpContent);
      input.onDecoded(bytes, out.get(0) instanceof HttpRequest);
    }
  }

  /** Discards an incomplete request when the client has closed the connection. */
  @Override
  protected void decodeLast(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    in.skipBytes(in.readableBytes());
  }

  /** Replaces Netty's version, which would read on although auto-read is off. */
  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    discardSomeReadBytes();
    input.onTurnEnd();
    ctx.fireChannelReadComplete();
  }

  @Override
  public void resume() {
    ChannelHandlerContext ctx = context;
    if (ctx == null || ctx.isRemoved()) {
      return;
    }
    try {
      channelRead(ctx, Unpooled.EMPTY_BUFFER);
    } catch (Exception e) {
      ctx.fireExceptionCaught(e);
    }
    if (!ctx.isRemoved()) {
      channelReadComplete(ctx);
    }
  }

  @Override
  public int bufferBytes() {
    return actualReadableBytes() == 0 ? 0 : internalBuffer().capacity();
  }

  @Override
  public long progress() {
    return parts;
  }

  @Override
  public boolean isWithinPart() {
    return within || actualReadableBytes() > 0;
  }
}
