package dev.holdfast.gateway;

import dev.holdfast.gateway.tls.TlsServer;
import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * Where clients are served.
 *
 * @param address to listen at; port 0 takes a free one
 * @param tls what it speaks TLS with, closed by whoever opened it; empty for plaintext
 */
public record Listener(InetSocketAddress address, Optional<TlsServer> tls) {
  /** HTTP/2 with prior knowledge, and HTTP/1.1 where there is a face for it. */
  public static Listener plaintext(InetSocketAddress address) {
    return new Listener(address, Optional.empty());
  }

  /** The same over TLS, agreed upon by ALPN or, where a client offers none, as in plaintext. */
  public static Listener tls(InetSocketAddress address, TlsServer tls) {
    return new Listener(address, Optional.of(tls));
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
