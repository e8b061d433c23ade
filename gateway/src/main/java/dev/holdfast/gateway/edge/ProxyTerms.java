package dev.holdfast.gateway.edge;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;

/**
 * Who says by the PROXY protocol which client he speaks for.
 *
 * @param required whether connections without a header are turned away, and those of strangers
 * @param trusted from whom a header is believed; nobody else's is
 */
public record ProxyTerms(boolean required, List<Network> trusted) {
  public ProxyTerms {
    trusted = List.copyOf(trusted);
  }

  boolean trusts(SocketAddress peer) {
    return peer instanceof InetSocketAddress inet
        && trusted.stream().anyMatch(each -> each.contains(inet.getAddress()));
  }
}
