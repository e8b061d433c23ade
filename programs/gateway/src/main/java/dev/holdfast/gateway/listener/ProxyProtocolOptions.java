package dev.holdfast.gateway.listener;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;

/**
 * The PROXY protocol settings of a listener.
 *
 * @param required whether connections without a header, and those of untrusted peers, are refused
 * @param trusted the peers whose headers are believed
 */
public record ProxyProtocolOptions(boolean required, List<CidrRange> trusted) {
  public ProxyProtocolOptions {
    trusted = List.copyOf(trusted);
  }

  boolean trusts(SocketAddress peer) {
    return peer instanceof InetSocketAddress inet
        && trusted.stream().anyMatch(each -> each.contains(inet.getAddress()));
  }
}
