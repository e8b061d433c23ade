package dev.holdfast.gateway.config;

import dev.holdfast.gateway.edge.L4Terms;
import dev.holdfast.gateway.edge.Network;
import dev.holdfast.gateway.edge.ProxyTerms;
import dev.holdfast.gateway.tls.ListenerTls;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/**
 * Where clients are served.
 *
 * @param address to listen at; port 0 takes a free one
 * @param tls what it speaks TLS with; empty for plaintext
 * @param proxies who says for whom he speaks by the PROXY protocol; empty for nobody
 * @param l4 where what is not HTTP goes; empty where all is HTTP
 * @param forwarders the proxies whose x-forwarded headers count; those of anybody else are replaced
 */
public record ListenerConfig(
    InetSocketAddress address,
    Optional<ListenerTls> tls,
    Optional<ProxyTerms> proxies,
    Optional<L4Terms> l4,
    List<Network> forwarders) {
  public ListenerConfig {
    forwarders = List.copyOf(forwarders);
  }

  /** For HTTP, without proxies in front. */
  public ListenerConfig(InetSocketAddress address, Optional<ListenerTls> tls) {
    this(address, tls, Optional.empty(), Optional.empty(), List.of());
  }

  /** Whether one of two is in the way of the other. */
  boolean overlaps(ListenerConfig other) {
    boolean any =
        address.getAddress().isAnyLocalAddress() || other.address.getAddress().isAnyLocalAddress();
    return address.getPort() != 0
        && address.getPort() == other.address.getPort()
        && (any || address.equals(other.address));
  }
}
