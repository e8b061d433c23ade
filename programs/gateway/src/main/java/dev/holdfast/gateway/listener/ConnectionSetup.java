package dev.holdfast.gateway.listener;

import dev.holdfast.gateway.call.Frontend;
import dev.holdfast.gateway.headers.ClientAddress;
import dev.holdfast.gateway.headers.ClientIdentity;
import dev.holdfast.gateway.http2.DownstreamConnection;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.tls.TlsServer;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The setup of an accepted connection: the PROXY protocol, TLS, protocol detection, then HTTP. Runs
 * on the connection's event loop.
 */
record ConnectionSetup(
    Channel channel,
    ListenerOptions listener,
    ForwardingLoop loop,
    @Nullable Frontend frontend,
    ConnectionRefusals refusals) {

  /** The counters and logs of refused connections, of the PROXY protocol and of layer 4. */
  record ConnectionRefusals(ProxyRefusals proxies, L4Refusals l4) {}

  void open() {
    ProxyProtocolOptions proxies = listener.proxies().orElse(null);
    if (proxies == null) {
      secure();
    } else {
      ProxyProtocolReader.open(channel, proxies, loop, refusals.proxies(), this::secure);
    }
  }

  private void secure() {
    // Of whom a header of the PROXY protocol speaks, if there was one.
    if (ClientAddress.of(channel) instanceof InetSocketAddress client
        && listener.forwarders().stream().anyMatch(each -> each.contains(client.getAddress()))) {
      ClientIdentity.trust(channel);
    }
    TlsServer tls = listener.tls().orElse(null);
    L4Options l4 = listener.l4().orElse(null);
    if (l4 != null) {
      L4ProtocolDetector.TerminationHandlers terminationHandlers =
          new L4ProtocolDetector.TerminationHandlers(
              this::speak, tls == null ? null : () -> takeOff(tls, l4));
      L4ProtocolDetector.open(channel, l4, loop, refusals.l4(), terminationHandlers);
    } else if (tls == null) {
      speak();
    } else {
      secure(tls, this::speak);
    }
  }

  /** Terminates TLS, then detects the protocol inside it again: it may be HTTP/2 or any other. */
  private void takeOff(TlsServer tls, L4Options l4) {
    L4ProtocolDetector.TerminationHandlers inside =
        new L4ProtocolDetector.TerminationHandlers(this::speak, null);
    secure(tls, () -> L4ProtocolDetector.open(channel, l4, loop, refusals.l4(), inside));
  }

  private void secure(TlsServer tls, Runnable next) {
    channel
        .pipeline()
        .addLast(
            tls.handler(
                channel.alloc(), loop.snapshot().limits().handshake(), listener.l4().isPresent()))
        .addLast(new TlsHandshakeHandler(tls, loop, frontend, next));
  }

  private void speak() {
    Frontend taker = frontend;
    if (taker == null) {
      DownstreamConnection.accept(loop, channel, null);
    } else {
      channel.pipeline().addLast(new ProtocolDetector(loop, taker));
    }
  }
}
