package dev.holdfast.gateway;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;

/**
 * Closes a connection of TLS 1.2 whose client begins a second handshake (RFC 9113, 9.2.1), whatever
 * it speaks inside: handshakes cost a client next to nothing, and another certificate would come to
 * stand behind calls that were let in with the first. TLS 1.3 has no renegotiation.
 */
final class RenegotiationGuard extends ChannelInboundHandlerAdapter {
  private static final String RENEGOTIABLE = "TLSv1.2";

  private final SSLEngine engine;
  private final Runnable refused;
  private boolean over;

  private RenegotiationGuard(SSLEngine engine, Runnable refused) {
    this.engine = engine;
    this.refused = refused;
  }

  /**
   * Guards a connection whose first handshake is over.
   *
   * @param refused is told of a second one
   */
  static void guard(ChannelHandlerContext ctx, SslHandler tls, Runnable refused) {
    SSLEngine engine = tls.engine();
    if (RENEGOTIABLE.equals(engine.getSession().getProtocol())) {
      String name = ctx.pipeline().context(tls).name();
      ctx.pipeline().addAfter(name, null, new RenegotiationGuard(engine, refused));
    }
  }

  /** What a second handshake begins with was read; its tasks run elsewhere and come too late. */
  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    if (isRenegotiating() && !engine.isInboundDone()) {
      refuse(ctx);
    } else if (!over) {
      ctx.fireChannelReadComplete();
    }
  }

  /** A second handshake that fails by itself, as where ALPN is asked again, is refused as well. */
  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (over) {
      return;
    }
    if (isRenegotiating()) {
      refuse(ctx);
    } else {
      ctx.fireExceptionCaught(cause);
    }
  }

  private boolean isRenegotiating() {
    return engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING;
  }

  private void refuse(ChannelHandlerContext ctx) {
    if (!over) {
      over = true;
      refused.run();
      var unused = ctx.close();
    }
  }
}
