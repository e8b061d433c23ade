package dev.holdfast.gateway;

import dev.holdfast.gateway.edge.L4Terms;
import dev.holdfast.gateway.edge.Network;
import dev.holdfast.gateway.edge.ProxyTerms;
import dev.holdfast.gateway.tls.TlsServer;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/**
 * Where clients are served.
 *
 * @param address to listen at; port 0 takes a free one
 * @param tls what it speaks TLS with, closed by whoever opened it; empty for plaintext
 * @param proxies who says for whom he speaks by the PROXY protocol; empty for nobody
 * @param l4 where what is not HTTP goes; empty where all is HTTP
 * @param forwarders the proxies whose x-forwarded headers count; those of anybody else are replaced
 */
public record Listener(
    InetSocketAddress address,
    Optional<TlsServer> tls,
    Optional<ProxyTerms> proxies,
    Optional<L4Terms> l4,
    List<Network> forwarders) {
  public Listener {
    forwarders = List.copyOf(forwarders);
  }

  /** Where nobody's x-forwarded headers count. */
  public Listener(
      InetSocketAddress address,
      Optional<TlsServer> tls,
      Optional<ProxyTerms> proxies,
      Optional<L4Terms> l4) {
    this(address, tls, proxies, l4, List.of());
  }

  /** HTTP/2 with prior knowledge, and HTTP/1.1 where there is a face for it. */
  public static Listener plaintext(InetSocketAddress address) {
    return new Listener(address, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** The same over TLS, agreed upon by ALPN or, where a client offers none, as in plaintext. */
  public static Listener tls(InetSocketAddress address, TlsServer tls) {
    return new Listener(address, Optional.of(tls), Optional.empty(), Optional.empty());
  }

  /** The same behind proxies that speak the PROXY protocol. */
  public Listener withProxies(ProxyTerms value) {
    return new Listener(address, tls, Optional.of(value), l4, forwarders);
  }

  /** The same, which takes anything: HTTP/2, and what goes on as it is. */
  public Listener withL4(L4Terms value) {
    return new Listener(address, tls, proxies, Optional.of(value), forwarders);
  }

  /** The same with these proxies, whose x-forwarded headers count. */
  public Listener withForwarders(List<Network> value) {
    return new Listener(address, tls, proxies, l4, value);
  }

  /** Whether one of two is in the way of the other. */
  boolean overlaps(Listener other) {
    boolean any =
        address.getAddress().isAnyLocalAddress() || other.address.getAddress().isAnyLocalAddress();
    return address.getPort() != 0
        && address.getPort() == other.address.getPort()
        && (any || address.equals(other.address));
  }
}
