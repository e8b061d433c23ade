package dev.holdfast.gateway.http1;

import dev.holdfast.core.annotation.Limit;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Netty's decoder of the frames of a WebSocket at the pace of a {@link PacedInput}. */
final class PacedFrameDecoder extends WebSocket13FrameDecoder implements PacedDecoder {
  @Limit(
      of = "bytes of a frame of a WebSocket that have limits.handshake to come",
      then = "the connection is closed")
  static final int STEP_BYTES = 16_384;

  private final PacedInput input;
  private @Nullable ChannelHandlerContext context;
  private boolean within;
  private long frames;

  PacedFrameDecoder(WebSocketDecoderConfig config, PacedInput input) {
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
      within |= bytes > 0;
    } else {
      within = false;
      frames++;
      input.onDecoded(bytes, false);
    }
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
    channelReadComplete(ctx);
  }

  @Override
  public int bufferBytes() {
    return actualReadableBytes() == 0 ? 0 : internalBuffer().capacity();
  }

  /**
   * Whether a frame is incomplete. The time limit of a fragmented message is the WebSocket's own.
   */
  @Override
  public boolean isWithinPart() {
    return within || actualReadableBytes() > 0;
  }

  /**
   * A counter of frames and of steps of {@link #STEP_BYTES} within a frame, which is buffered until
   * complete.
   */
  @Override
  public long progress() {
    return frames * WebSocket.MESSAGE_BYTES + actualReadableBytes() / STEP_BYTES;
  }
}
