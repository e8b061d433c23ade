package dev.holdfast.gateway.upstream;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.tls.TlsFailureReason;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import javax.net.ssl.SSLException;

/**
 * The handler of a TLS handshake with an endpoint: starts HTTP/2 if ALPN chose it, otherwise closes
 * the connection with the reason. Stays in the pipeline: with TLS 1.3 an endpoint refuses the
 * gateway's certificate only after the handshake.
 */
public final class UpstreamTlsHandshake extends ChannelInboundHandlerAdapter {
  @Limit(
      of = "causes of a failed connection to an endpoint that are looked through for one of TLS",
      then = "the failure itself is told")
  private static final int MOST_CAUSES = 10;

  private final UpstreamConnection connection;
  private final Runnable begin;

  /**
   * Creates the handler of a handshake that has not ended.
   *
   * @param begin installs HTTP/2
   */
  public UpstreamTlsHandshake(UpstreamConnection connection, Runnable begin) {
    this.connection = connection;
    this.begin = begin;
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (!(event instanceof SslHandshakeCompletionEvent done)) {
      ctx.fireUserEventTriggered(event);
      return;
    }
    if (!done.isSuccess()) {
      end(ctx, TlsFailureReason.describe(done.cause()));
      return;
    }
    String protocol = ctx.pipeline().get(SslHandler.class).applicationProtocol();
    if (!ApplicationProtocolNames.HTTP_2.equals(protocol)) {
      end(ctx, "TLS: no HTTP/2 by ALPN (expected: h2, found: " + protocol + ")");
    } else if (connection.isDraining()) {
      var unused = ctx.close();
    } else {
      begin.run();
      ctx.channel().flush();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    Throwable each = cause;
    for (int i = 0; each != null && i < MOST_CAUSES; i++) {
      if (each instanceof SSLException) {
        end(ctx, TlsFailureReason.describe(each));
        return;
      }
      each = each.getCause();
    }
    if (connection.hasChannel()) {
      ctx.fireExceptionCaught(cause);
    } else {
      end(ctx, "TLS: " + IoErrorText.of(cause));
    }
  }

  private void end(ChannelHandlerContext ctx, String why) {
    connection.setCloseReason(why);
    var unused = ctx.close();
  }
}
