package dev.holdfast.doctor;

import java.net.InetSocketAddress;

/**
 * The target of connections, with the way in which they are opened.
 *
 * @param address a single address, so that all connections take the same path
 * @param tls whether TLS with ALPN is used
 * @param authority of calls, and the server name of TLS
 */
record ProbeTarget(InetSocketAddress address, boolean tls, String authority) {
  /** The authority without its port, for TLS. */
  String serverName() {
    int colon = authority.lastIndexOf(':');
    return colon > 0 && authority.indexOf(']') < colon ? authority.substring(0, colon) : authority;
  }
}
