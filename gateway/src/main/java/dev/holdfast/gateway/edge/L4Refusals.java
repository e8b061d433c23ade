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

/** Counts and tells of connections that went nowhere. Thread-safe. */
public final class L4Refusals {
  private static final Logger log = LoggerFactory.getLogger(L4Refusals.class);
  private static final String NOWHERE = "";

  private final SparseLog due = new SparseLog();

  /** It belongs to no cluster; it is reset, so that nobody takes it for an empty answer. */
  void refuse(Channel client, ForwardingLoop loop, SpliceEnd end, String detail) {
    refuse(client, loop, NOWHERE, end, detail);
  }

  /** As above, when it belongs to one that can't be used. */
  void refuse(Channel client, ForwardingLoop loop, String cluster, SpliceEnd end, String detail) {
    loop.traffic().connection(cluster, ClientAddress.host(client)).onEnd(end.tag());
    tell(client, loop.meters(), cluster, end, detail);
  }

  /** As above; the log of calls hears of it elsewhere. */
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

  /** Closes without a farewell of any protocol: the peer learns that something was cut off. */
  static void reset(Channel channel) {
    if (channel.isOpen()) {
      channel.config().setOption(ChannelOption.SO_LINGER, 0);
      channel.unsafe().close(channel.unsafe().voidPromise());
    }
  }
}
