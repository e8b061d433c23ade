package dev.holdfast.gateway;

import dev.holdfast.gateway.edge.ProxyEntrance;
import dev.holdfast.gateway.edge.ProxyRefusals;
import dev.holdfast.gateway.edge.ProxyTerms;
import dev.holdfast.gateway.http1.ProtocolPeek;
import dev.holdfast.gateway.http2.ForwardingLoop;
import dev.holdfast.gateway.http2.WebFace;
import dev.holdfast.gateway.tls.TlsServer;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/**
 * Leads a connection that was accepted from its first byte to whoever speaks its protocol: whose it
 * is, TLS, then HTTP. On its event loop.
 */
record Entrance(
    Channel channel,
    Listener listener,
    ForwardingLoop loop,
    @Nullable WebFace face,
    ProxyRefusals refusals) {

  void open() {
    ProxyTerms proxies = listener.proxies().orElse(null);
    if (proxies == null) {
      secure();
    } else {
      ProxyEntrance.open(channel, proxies, loop, refusals, this::secure);
    }
  }

  private void secure() {
    TlsServer tls = listener.tls().orElse(null);
    if (tls == null) {
      speak();
      return;
    }
    channel
        .pipeline()
        .addLast(tls.handler(channel.alloc(), loop.snapshot().limits().handshake()))
        .addLast(new TlsEntrance(tls, loop, face, this::speak));
  }

  private void speak() {
    WebFace taker = face;
    if (taker == null) {
      loop.accept(channel);
    } else {
      channel.pipeline().addLast(new ProtocolPeek(loop, taker));
    }
  }
}
