package dev.holdfast.gateway.http1;

import dev.holdfast.gateway.limits.MemoryAccount;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker13;

/**
 * Netty's decoder of WebSocket frames, which buffers a frame until it is whole; the buffer is
 * charged to the client's account.
 */
final class SocketFrames extends WebSocket13FrameDecoder {
  private final MemoryAccount memory;
  private int charged;

  private SocketFrames(WebSocketDecoderConfig config, MemoryAccount memory) {
    super(config);
    this.memory = memory;
  }

  /** A handshake after which frames are buffered at the expense of an account. */
  static final class Handshake extends WebSocketServerHandshaker13 {
    private final MemoryAccount memory;

    Handshake(String protocols, WebSocketDecoderConfig config, MemoryAccount memory) {
      super(null, protocols, config);
      this.memory = memory;
    }

    @Override
    protected WebSocketFrameDecoder newWebsocketDecoder() {
      return new SocketFrames(decoderConfig(), memory);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
    super.channelRead(ctx, message);
    // Of a buffer that holds the beginning of a frame all is held.
    charge(actualReadableBytes() == 0 ? 0 : internalBuffer().capacity());
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    charge(0);
    super.channelInactive(ctx);
  }

  @Override
  protected void handlerRemoved0(ChannelHandlerContext ctx) throws Exception {
    charge(0);
    super.handlerRemoved0(ctx);
  }

  private void charge(int bytes) {
    int more = bytes - charged;
    charged = bytes;
    if (more > 0) {
      memory.charge(more);
    } else if (more < 0) {
      memory.credit(-more);
    }
  }
}
