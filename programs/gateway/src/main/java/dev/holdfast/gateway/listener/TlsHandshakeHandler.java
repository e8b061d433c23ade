package dev.holdfast.gateway.listener;

import dev.holdfast.gateway.call.Frontend;
import dev.holdfast.gateway.headers.ClientAddress;
import dev.holdfast.gateway.headers.ClientIdentity;
import dev.holdfast.gateway.http2.DownstreamConnection;
import dev.holdfast.gateway.limits.MetLimit;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.tls.TlsServer;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SniCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import java.nio.channels.ClosedChannelException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * The handler of a client's TLS handshake, which the handshake limit bounds. Afterwards it hands
 * the connection to HTTP/2 if ALPN chose it, else to protocol detection.
 */
final class TlsHandshakeHandler extends ChannelInboundHandlerAdapter {
  private final TlsServer tls;
  private final ForwardingLoop loop;
  private final @Nullable Frontend frontend;
  private final Runnable undecided;
  private boolean over;

  /**
   * Creates the handler of a handshake that has not ended.
   *
   * @param undecided continues with a client whose ALPN did not choose HTTP/2
   */
  TlsHandshakeHandler(
      TlsServer tls, ForwardingLoop loop, @Nullable Frontend frontend, Runnable undecided) {
    this.tls = tls;
    this.loop = loop;
    this.frontend = frontend;
    this.undecided = undecided;
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof SniCompletionEvent asked && !asked.isSuccess()) {
      refuse(ctx, asked.cause());
      return;
    }
    if (!(event instanceof SslHandshakeCompletionEvent done)) {
      ctx.fireUserEventTriggered(event);
      return;
    }
    if (!done.isSuccess()) {
      refuse(ctx, done.cause());
      return;
    }
    SslHandler agreed = ctx.pipeline().get(SslHandler.class);
    RenegotiationGuard.guard(ctx, agreed, why -> onRenegotiation(ctx, why));
    SSLSession session = agreed.engine().getSession();
    ClientIdentity.set(
        ctx.channel(), tls.forwardedClientCert(session), TlsServer.clientCertNames(session));
    String protocol = agreed.applicationProtocol();
    Frontend taker = frontend;
    if (taker != null && ApplicationProtocolNames.HTTP_2.equals(protocol)) {
      DownstreamConnection.accept(loop, ctx.channel(), taker);
    } else {
      undecided.run();
    }
    ctx.pipeline().remove(this);
    ctx.channel().flush();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    refuse(ctx, new ClosedChannelException());
    ctx.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    refuse(ctx, cause);
  }

  private void onRenegotiation(ChannelHandlerContext ctx, SSLException why) {
    tls.onRefused(ClientAddress.of(ctx.channel()), why);
  }

  private void refuse(ChannelHandlerContext ctx, Throwable cause) {
    if (!over) {
      over = true;
      if (cause instanceof SslHandshakeTimeoutException) {
        loop.meters().met(MetLimit.HANDSHAKE);
      }
      tls.onRefused(ClientAddress.of(ctx.channel()), cause);
    }
    var unused = ctx.close();
  }
}
