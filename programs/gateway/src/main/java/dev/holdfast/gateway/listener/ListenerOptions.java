package dev.holdfast.gateway.listener;

import dev.holdfast.gateway.tls.TlsServer;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/**
 * The configuration of a listener: its address and the protocols that it accepts.
 *
 * @param address to listen at; port 0 takes a free port
 * @param tls the server side of TLS, which its opener closes; empty for plaintext
 * @param proxies the peers that send the PROXY protocol; empty for none
 * @param l4 where traffic that is not HTTP goes; empty where all is HTTP
 * @param forwarders the proxies whose x-forwarded headers count; those of other peers are replaced
 */
public record ListenerOptions(
    InetSocketAddress address,
    Optional<TlsServer> tls,
    Optional<ProxyProtocolOptions> proxies,
    Optional<L4Options> l4,
    List<CidrRange> forwarders) {
  public ListenerOptions {
    forwarders = List.copyOf(forwarders);
  }

  /** A listener that trusts no x-forwarded headers. */
  public ListenerOptions(
      InetSocketAddress address,
      Optional<TlsServer> tls,
      Optional<ProxyProtocolOptions> proxies,
      Optional<L4Options> l4) {
    this(address, tls, proxies, l4, List.of());
  }

  /**
   * A plaintext listener for HTTP/2 with prior knowledge, and for HTTP/1.1 where the gateway has a
   * handler for it.
   */
  public static ListenerOptions plaintext(InetSocketAddress address) {
    return new ListenerOptions(address, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /**
   * A TLS listener. ALPN chooses the protocol; for a client that offers none, its first bytes do.
   */
  public static ListenerOptions tls(InetSocketAddress address, TlsServer tls) {
    return new ListenerOptions(address, Optional.of(tls), Optional.empty(), Optional.empty());
  }

  /** This listener behind proxies that speak the PROXY protocol. */
  public ListenerOptions withProxies(ProxyProtocolOptions value) {
    return new ListenerOptions(address, tls, Optional.of(value), l4, forwarders);
  }

  /**
   * This listener for any protocol: HTTP/2 is terminated, other traffic is passed through byte for
   * byte.
   */
  public ListenerOptions withL4(L4Options value) {
    return new ListenerOptions(address, tls, proxies, Optional.of(value), forwarders);
  }

  /** This listener with these proxies, whose x-forwarded headers count. */
  public ListenerOptions withForwarders(List<CidrRange> value) {
    return new ListenerOptions(address, tls, proxies, l4, value);
  }

  /**
   * Whether the two listeners cannot be bound at the same time: same port, and the same address or
   * a wildcard address.
   */
  boolean overlaps(ListenerOptions other) {
    boolean any =
        address.getAddress().isAnyLocalAddress() || other.address.getAddress().isAnyLocalAddress();
    return address.getPort() != 0
        && address.getPort() == other.address.getPort()
        && (any || address.equals(other.address));
  }
}
