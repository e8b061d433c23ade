package dev.holdfast.gateway.listener;

import io.netty.channel.Channel;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageEncoder;
import io.netty.handler.codec.haproxy.HAProxyProtocolVersion;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** The writer of PROXY protocol v2 headers, which tell an endpoint the address of the client. */
final class ProxyHeaderWriter {
  private ProxyHeaderWriter() {}

  /**
   * Writes the header; must be the first write on the connection.
   *
   * @param client the address of the client
   * @param local the address at which the client was accepted
   */
  static void write(Channel endpoint, SocketAddress client, SocketAddress local) {
    endpoint.pipeline().addFirst(HAProxyMessageEncoder.INSTANCE);
    var unused = endpoint.write(message(client, local));
    endpoint.pipeline().remove(HAProxyMessageEncoder.INSTANCE);
  }

  private static HAProxyMessage message(SocketAddress client, SocketAddress local) {
    if (!(client instanceof InetSocketAddress from) || !(local instanceof InetSocketAddress to)) {
      return new HAProxyMessage(
          HAProxyProtocolVersion.V2,
          HAProxyCommand.LOCAL,
          HAProxyProxiedProtocol.UNKNOWN,
          null,
          null,
          0,
          0);
    }
    boolean six = from.getAddress() instanceof Inet6Address;
    return new HAProxyMessage(
        HAProxyProtocolVersion.V2,
        HAProxyCommand.PROXY,
        six ? HAProxyProxiedProtocol.TCP6 : HAProxyProxiedProtocol.TCP4,
        text(from.getAddress()),
        destination(to.getAddress(), six),
        from.getPort(),
        to.getPort());
  }

  /**
   * The destination address; a client that a proxy named may have another address family than the
   * socket.
   */
  private static String destination(InetAddress local, boolean six) {
    if (local instanceof Inet6Address == six) {
      return text(local);
    }
    return six ? "::" : "0.0.0.0";
  }

  /** The address as text, without the zone of an IPv6 address. */
  private static String text(InetAddress address) {
    String text = address.getHostAddress();
    int zone = text.indexOf('%');
    return zone < 0 ? text : text.substring(0, zone);
  }
}
