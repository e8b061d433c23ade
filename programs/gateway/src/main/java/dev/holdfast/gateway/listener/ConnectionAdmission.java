package dev.holdfast.gateway.listener;

import dev.holdfast.gateway.limits.LogRateLimiter;
import dev.holdfast.gateway.limits.MetLimit;
import dev.holdfast.gateway.loop.ForwardingLoop;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The admission of client connections: their number, in all and by network address, is checked
 * against {@code limits.connections}. Admitted connections are never closed for it. Near the limit,
 * an address with many connections gets no more, so that others still do. Thread-safe.
 */
final class ConnectionAdmission {
  private static final Logger log = LoggerFactory.getLogger(ConnectionAdmission.class);

  /**
   * The fraction of the limit from which addresses with a sixteenth of it get no more connections.
   */
  private static final double NEARLY_FULL = 0.9;

  private static final int SHARE = 16;

  private final AtomicInteger open = new AtomicInteger();
  private final ConcurrentMap<Object, Integer> openByNetwork = new ConcurrentHashMap<>();
  private final LogRateLimiter due = new LogRateLimiter();

  /**
   * Counts a new connection until it is closed, or resets it.
   *
   * @return whether the connection was admitted
   */
  boolean admit(Channel channel, ForwardingLoop loop) {
    int limit = loop.snapshot().limits().connections();
    Object network = network(((InetSocketAddress) channel.remoteAddress()).getAddress());
    if (admit(network, limit)) {
      channel.closeFuture().addListener(closed -> release(network));
      return true;
    }
    loop.meters().met(MetLimit.CONNECTIONS);
    int count = due.count();
    if (count > 0) {
      log.warn(
          "event=connection_limit_met count={} peer={} open={} limit={}",
          count,
          channel.remoteAddress(),
          open.get(),
          limit);
    }
    // Nothing was said yet; a socket in TIME_WAIT would be kept for each.
    channel.config().setOption(ChannelOption.SO_LINGER, 0);
    channel.unsafe().closeForcibly();
    return false;
  }

  /**
   * Counts a connection without a socket.
   *
   * @return whether the connection was admitted
   */
  boolean admit(Object network, int limit) {
    int before = open.getAndIncrement();
    int same = openByNetwork.merge(network, 1, Integer::sum);
    boolean isOverShare = before >= NEARLY_FULL * limit && same > Math.max(1, limit / SHARE);
    if (before >= limit || isOverShare) {
      release(network);
      return false;
    }
    return true;
  }

  void release(Object network) {
    open.getAndDecrement();
    openByNetwork.computeIfPresent(network, (key, count) -> count > 1 ? count - 1 : null);
  }

  /**
   * The address by which connections are counted: an IPv4 address, or the first 64 bits of an IPv6
   * address, since a host has all addresses below them.
   */
  static Object network(InetAddress address) {
    return address instanceof Inet6Address six
        ? (Object) ByteBuffer.wrap(six.getAddress()).getLong()
        : address;
  }
}
