package dev.holdfast.gateway.config;

import dev.holdfast.gateway.tls.ListenerTls;
import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * Where clients are served.
 *
 * @param address to listen at; port 0 takes a free one
 * @param tls what it speaks TLS with; empty for plaintext
 */
public record ListenerConfig(InetSocketAddress address, Optional<ListenerTls> tls) {
  /** Whether one of two is in the way of the other. */
  boolean overlaps(ListenerConfig other) {
    boolean any =
        address.getAddress().isAnyLocalAddress() || other.address.getAddress().isAnyLocalAddress();
    return address.getPort() != 0
        && address.getPort() == other.address.getPort()
        && (any || address.equals(other.address));
  }
}
