package dev.holdfast.gateway.listener;

import dev.holdfast.gateway.call.Frontend;
import dev.holdfast.gateway.http1.Http1Connection;
import dev.holdfast.gateway.http2.DownstreamConnection;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.MetLimit;
import dev.holdfast.gateway.loop.ForwardingLoop;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Detects the protocol of a connection by its first bytes, HTTP/2 with prior knowledge or HTTP/1.1,
 * and installs the handler for it.
 */
public final class ProtocolDetector extends ByteToMessageDecoder {
  /** The start of the HTTP/2 preface (RFC 9113, 3.4); PRI is not a method of HTTP/1.1. */
  private static final byte[] PREFACE = "PRI * ".getBytes(StandardCharsets.US_ASCII);

  private final ForwardingLoop loop;
  private final Frontend frontend;
  private @Nullable ScheduledFuture<?> detectionTimer;

  public ProtocolDetector(ForwardingLoop loop, Frontend frontend) {
    this.loop = loop;
    this.frontend = frontend;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    long nanos = loop.snapshot().limits().handshake().toNanos();
    detectionTimer = ctx.executor().schedule(() -> onSilence(ctx), nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  protected void handlerRemoved0(ChannelHandlerContext ctx) {
    ScheduledFuture<?> timer = detectionTimer;
    if (timer != null) {
      timer.cancel(false);
    }
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    int known = Math.min(in.readableBytes(), PREFACE.length);
    for (int i = 0; i < known; i++) {
      if (in.getByte(in.readerIndex() + i) != PREFACE[i]) {
        GatewayLimits limits = loop.snapshot().limits();
        Http1Connection.install(ctx.channel(), loop, frontend, limits);
        ctx.pipeline().remove(this);
        return;
      }
    }
    if (known == PREFACE.length) {
      DownstreamConnection.accept(loop, ctx.channel(), frontend);
      ctx.pipeline().remove(this);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    // The end of the channel has the same bytes read once more.
    if (ctx.channel().isOpen()) {
      loop.meters().faults().onClosed(cause);
    }
    var unused = ctx.close();
  }

  private void onSilence(ChannelHandlerContext ctx) {
    loop.meters().met(MetLimit.HANDSHAKE);
    var unused = ctx.close();
  }
}
