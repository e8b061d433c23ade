package dev.holdfast.gateway.listener;

import dev.holdfast.core.LogEscaper;
import dev.holdfast.gateway.headers.ClientAddress;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.limits.LogRateLimiter;
import dev.holdfast.gateway.loop.ForwardingLoop;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The counter and log of connections that were refused at layer 4. Thread-safe. */
final class L4Refusals {
  private static final Logger log = LoggerFactory.getLogger(L4Refusals.class);
  private static final String NOWHERE = "";

  private final LogRateLimiter due = new LogRateLimiter();

  /**
   * Refuses a connection that belongs to no cluster. Resets it, so that the client does not take
   * the end for an empty response.
   */
  void refuse(Channel client, ForwardingLoop loop, L4CloseReason end, String detail) {
    refuse(client, loop, NOWHERE, end, detail);
  }

  /** Refuses a connection whose cluster cannot be used. */
  void refuse(
      Channel client, ForwardingLoop loop, String cluster, L4CloseReason end, String detail) {
    loop.traffic().connection(cluster, ClientAddress.host(client)).onEnd(end.tag());
    tell(client, loop.meters(), cluster, end, detail);
  }

  /**
   * Refuses a connection whose {@link dev.holdfast.gateway.traffic.ConnectionRecord} is ended
   * elsewhere.
   */
  void tell(
      Channel client, GatewayMeters meters, String cluster, L4CloseReason end, String detail) {
    meters.tcpProxyEnded(cluster, end.tag());
    int count = due.count();
    if (count > 0) {
      log.warn(
          "event=l4_connection_refused peer={} count={} cluster={} reason={} detail=\"{}\"",
          ClientAddress.of(client),
          count,
          cluster.isEmpty() ? "none" : cluster,
          end.tag(),
          LogEscaper.escape(detail));
    }
    reset(client);
  }

  /**
   * Closes with RST and without the closing messages of any protocol, so that the peer detects the
   * loss.
   */
  static void reset(Channel channel) {
    if (channel.isOpen()) {
      channel.config().setOption(ChannelOption.SO_LINGER, 0);
      channel.unsafe().close(channel.unsafe().voidPromise());
    }
  }
}
