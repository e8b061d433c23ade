package dev.holdfast.gateway.edge;

import dev.holdfast.core.LogText;
import dev.holdfast.gateway.http2.ClientAddress;
import dev.holdfast.gateway.http2.ForwardingLoop;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.limits.SparseLog;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The counter and log of connections that were refused at layer 4. Thread-safe. */
public final class L4Refusals {
  private static final Logger log = LoggerFactory.getLogger(L4Refusals.class);
  private static final String NOWHERE = "";

  private final SparseLog due = new SparseLog();

  /**
   * Refuses a connection that belongs to no cluster. Resets it, so that the client does not take
   * the end for an empty response.
   */
  void refuse(Channel client, ForwardingLoop loop, SpliceEnd end, String detail) {
    refuse(client, loop, NOWHERE, end, detail);
  }

  /** Refuses a connection whose cluster cannot be used. */
  void refuse(Channel client, ForwardingLoop loop, String cluster, SpliceEnd end, String detail) {
    loop.traffic().connection(cluster, ClientAddress.host(client)).onEnd(end.tag());
    tell(client, loop.meters(), cluster, end, detail);
  }

  /**
   * Refuses a connection whose {@link dev.holdfast.gateway.traffic.ConnectionTrace} is ended
   * elsewhere.
   */
  void tell(Channel client, GatewayMeters meters, String cluster, SpliceEnd end, String detail) {
    meters.spliceEnded(cluster, end.tag());
    int count = due.count();
    if (count > 0) {
      log.warn(
          "event=connection_refused peer={} count={} cluster={} reason={} detail=\"{}\"",
          ClientAddress.of(client),
          count,
          cluster.isEmpty() ? "none" : cluster,
          end.tag(),
          LogText.of(detail));
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
