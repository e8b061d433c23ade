package dev.holdfast.gateway.upstream;

import dev.holdfast.core.HostPort;
import dev.holdfast.gateway.cluster.ClusterOptions;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;

/** The socket address and connect timeout of a connection to an endpoint. */
public final class UpstreamAddress {
  private UpstreamAddress() {}

  /** The address of an IP literal; a host name stays unresolved, for the resolver. */
  public static InetSocketAddress address(HostPort where) {
    byte[] literal = NetUtil.createByteArrayFromIpAddressString(where.host());
    return literal == null
        ? InetSocketAddress.createUnresolved(where.host(), where.port())
        : new InetSocketAddress(
            NetUtil.createInetAddressFromIpAddressString(where.host()), where.port());
  }

  public static int timeoutMillis(ClusterOptions options) {
    return (int) Math.min(Integer.MAX_VALUE, options.connectTimeout().toMillis());
  }
}
