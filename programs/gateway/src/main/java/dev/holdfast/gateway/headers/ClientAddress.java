package dev.holdfast.gateway.headers;

import io.netty.channel.Channel;
import io.netty.util.AsciiString;
import io.netty.util.AttributeKey;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/**
 * The address of a client: the peer of its connection, or the address that a trusted proxy names by
 * the PROXY protocol.
 */
public final class ClientAddress {
  private static final AttributeKey<InetSocketAddress> NAMED =
      AttributeKey.valueOf(ClientAddress.class, "named");

  private ClientAddress() {}

  /** Sets the address that a proxy named for a connection. */
  public static void set(Channel channel, InetSocketAddress client) {
    channel.attr(NAMED).set(client);
  }

  /** The address of the client of an accepted connection. */
  public static SocketAddress of(Channel channel) {
    InetSocketAddress named = channel.attr(NAMED).get();
    return named == null ? channel.remoteAddress() : named;
  }

  /** The client's address without the port; "" if it has none. */
  public static AsciiString host(Channel channel) {
    return of(channel) instanceof InetSocketAddress inet
        ? AsciiString.of(inet.getAddress().getHostAddress())
        : AsciiString.EMPTY_STRING;
  }
}
