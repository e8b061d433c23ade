package dev.holdfast.gateway;

import dev.holdfast.gateway.edge.L4Entrance;
import dev.holdfast.gateway.edge.L4Refusals;
import dev.holdfast.gateway.edge.L4Terms;
import dev.holdfast.gateway.edge.ProxyEntrance;
import dev.holdfast.gateway.edge.ProxyRefusals;
import dev.holdfast.gateway.edge.ProxyTerms;
import dev.holdfast.gateway.http1.ProtocolPeek;
import dev.holdfast.gateway.http2.Client;
import dev.holdfast.gateway.http2.ClientAddress;
import dev.holdfast.gateway.http2.DownstreamConnection;
import dev.holdfast.gateway.http2.ForwardingLoop;
import dev.holdfast.gateway.http2.WebFace;
import dev.holdfast.gateway.tls.TlsServer;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The setup of an accepted connection: the PROXY protocol, TLS, protocol detection, then HTTP. Runs
 * on the connection's event loop.
 */
record Entrance(
    Channel channel,
    Listener listener,
    ForwardingLoop loop,
    @Nullable WebFace face,
    Refusals refusals) {

  /** The counters and logs of refused connections, of the PROXY protocol and of layer 4. */
  record Refusals(ProxyRefusals proxies, L4Refusals l4) {}

  void open() {
    ProxyTerms proxies = listener.proxies().orElse(null);
    if (proxies == null) {
      secure();
    } else {
      ProxyEntrance.open(channel, proxies, loop, refusals.proxies(), this::secure);
    }
  }

  private void secure() {
    // Of whom a header of the PROXY protocol speaks, if there was one.
    if (ClientAddress.of(channel) instanceof InetSocketAddress client
        && listener.forwarders().stream().anyMatch(each -> each.contains(client.getAddress()))) {
      Client.trust(channel);
    }
    TlsServer tls = listener.tls().orElse(null);
    L4Terms l4 = listener.l4().orElse(null);
    if (l4 != null) {
      L4Entrance.Ways ways =
          new L4Entrance.Ways(this::speak, tls == null ? null : () -> takeOff(tls, l4));
      L4Entrance.open(channel, l4, loop, refusals.l4(), ways);
    } else if (tls == null) {
      speak();
    } else {
      secure(tls, this::speak);
    }
  }

  /** Terminates TLS, then detects the protocol inside it again: it may be HTTP/2 or any other. */
  private void takeOff(TlsServer tls, L4Terms l4) {
    L4Entrance.Ways inside = new L4Entrance.Ways(this::speak, null);
    secure(tls, () -> L4Entrance.open(channel, l4, loop, refusals.l4(), inside));
  }

  private void secure(TlsServer tls, Runnable next) {
    channel
        .pipeline()
        .addLast(
            tls.handler(
                channel.alloc(), loop.snapshot().limits().handshake(), listener.l4().isPresent()))
        .addLast(new TlsEntrance(tls, loop, face, next));
  }

  private void speak() {
    WebFace taker = face;
    if (taker == null) {
      DownstreamConnection.accept(loop, channel, null);
    } else {
      channel.pipeline().addLast(new ProtocolPeek(loop, taker));
    }
  }
}
