package dev.holdfast.gateway.config;

import dev.holdfast.gateway.listener.CidrRange;
import dev.holdfast.gateway.listener.L4Options;
import dev.holdfast.gateway.listener.ProxyProtocolOptions;
import dev.holdfast.gateway.tls.ListenerTls;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/**
 * The configuration of one listener.
 *
 * @param address to bind; port 0 takes a free one
 * @param tls TLS of the listener; empty for plaintext
 * @param proxies the PROXY protocol and its trusted sources; empty when it is off
 * @param l4 the TCP routing of a layer-4 listener; empty for HTTP
 * @param forwarders the trusted proxies whose x-forwarded headers are kept; those of other clients
 *     are replaced
 */
public record ListenerConfig(
    InetSocketAddress address,
    Optional<ListenerTls> tls,
    Optional<ProxyProtocolOptions> proxies,
    Optional<L4Options> l4,
    List<CidrRange> forwarders) {
  public ListenerConfig {
    forwarders = List.copyOf(forwarders);
  }

  /** An HTTP listener without the PROXY protocol or trusted proxies. */
  public ListenerConfig(InetSocketAddress address, Optional<ListenerTls> tls) {
    this(address, tls, Optional.empty(), Optional.empty(), List.of());
  }

  /** Whether both listeners can't be bound at once: same port, and equal or wildcard addresses. */
  boolean overlaps(ListenerConfig other) {
    boolean any =
        address.getAddress().isAnyLocalAddress() || other.address.getAddress().isAnyLocalAddress();
    return address.getPort() != 0
        && address.getPort() == other.address.getPort()
        && (any || address.equals(other.address));
  }
}
