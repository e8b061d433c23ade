package dev.holdfast.gateway.listener;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslHandler;
import java.util.function.Consumer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/**
 * The refusal of TLS 1.2 renegotiation: closes a connection whose client begins a second handshake
 * (RFC 9113, 9.2.1), whatever protocol is inside.
 *
 * <p>Handshakes cost a client next to nothing. A second certificate would also stand behind calls
 * that were admitted with the first. TLS 1.3 has no renegotiation.
 */
final class RenegotiationGuard extends ChannelInboundHandlerAdapter {
  private static final String RENEGOTIABLE = "TLSv1.2";

  private final SSLEngine engine;
  private final Consumer<SSLException> refused;
  private final boolean boring;
  private boolean sawData;
  private boolean over;

  private RenegotiationGuard(SSLEngine engine, Consumer<SSLException> refused) {
    this.engine = engine;
    this.refused = refused;
    this.boring = engine instanceof ReferenceCountedOpenSslEngine;
  }

  /**
   * Guards a connection whose first handshake is over.
   *
   * @param refused is told of a second one
   */
  static void guard(ChannelHandlerContext ctx, SslHandler tls, Consumer<SSLException> refused) {
    SSLEngine engine = tls.engine();
    if (RENEGOTIABLE.equals(engine.getSession().getProtocol())) {
      String name = ctx.pipeline().context(tls).name();
      ctx.pipeline().addAfter(name, null, new RenegotiationGuard(engine, refused));
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    sawData = true;
    ctx.fireChannelRead(message);
  }

  /**
   * Refuses a second handshake once its first records were read; its delegated tasks run elsewhere
   * and come too late.
   */
  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    if (isRenegotiating() && !engine.isInboundDone()) {
      refuse(ctx, new SSLException("TLS renegotiation by the client"));
    } else if (!over) {
      if (boring && !sawData) {
        // BoringSSL says what was wrong with a record when it is asked for anything after it.
        ctx.flush();
      }
      sawData = false;
      ctx.fireChannelReadComplete();
    }
  }

  /**
   * Refuses a second handshake that fails by itself as well. The JDK fails it if ALPN is offered
   * again, BoringSSL always; BoringSSL reports the same error as for any bad record.
   */
  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (over) {
      return;
    }
    Throwable reason = cause instanceof DecoderException ? cause.getCause() : cause;
    if (boring && reason instanceof SSLException broken) {
      refuse(ctx, broken);
    } else if (isRenegotiating()) {
      refuse(ctx, new SSLException("TLS renegotiation by the client", cause));
    } else {
      ctx.fireExceptionCaught(cause);
    }
  }

  private boolean isRenegotiating() {
    return engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING;
  }

  private void refuse(ChannelHandlerContext ctx, SSLException why) {
    if (!over) {
      over = true;
      refused.accept(why);
      var unused = ctx.close();
    }
  }
}
