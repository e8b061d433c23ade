package dev.holdfast.doctor;

import java.net.InetSocketAddress;

/**
 * Where and how connections are opened.
 *
 * @param address one address, so that all connections take the same path
 * @param tls whether TLS with ALPN is spoken
 * @param authority of calls, and the name of TLS
 */
record WireTarget(InetSocketAddress address, boolean tls, String authority) {
  /** The authority without its port, for TLS. */
  String serverName() {
    int colon = authority.lastIndexOf(':');
    return colon > 0 && authority.indexOf(']') < colon ? authority.substring(0, colon) : authority;
  }
}
