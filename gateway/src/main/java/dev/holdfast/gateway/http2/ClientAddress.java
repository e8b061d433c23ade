package dev.holdfast.gateway.http2;

import io.netty.channel.Channel;
import io.netty.util.AsciiString;
import io.netty.util.AttributeKey;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** Who a client is: the other end of its connection, or whom a trusted proxy there speaks for. */
public final class ClientAddress {
  private static final AttributeKey<InetSocketAddress> NAMED =
      AttributeKey.valueOf(ClientAddress.class, "named");

  private ClientAddress() {}

  /** The other end speaks for this client. */
  public static void set(Channel channel, InetSocketAddress client) {
    channel.attr(NAMED).set(client);
  }

  /** The client of a connection that was accepted. */
  public static SocketAddress of(Channel channel) {
    InetSocketAddress named = channel.attr(NAMED).get();
    return named == null ? channel.remoteAddress() : named;
  }

  /** Its address without the port; "" for one that has none. */
  public static AsciiString host(Channel channel) {
    return of(channel) instanceof InetSocketAddress inet
        ? AsciiString.of(inet.getAddress().getHostAddress())
        : AsciiString.EMPTY_STRING;
  }
}
