package dev.holdfast.gateway.edge;

import dev.holdfast.core.Limit;
import dev.holdfast.core.LogText;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.EndpointFault;
import dev.holdfast.gateway.cluster.EndpointPool;
import dev.holdfast.gateway.cluster.LocalCluster;
import dev.holdfast.gateway.http2.ClientAddress;
import dev.holdfast.gateway.http2.ClientConnection;
import dev.holdfast.gateway.http2.ForwardingLoop;
import dev.holdfast.gateway.limits.MetLimit;
import dev.holdfast.gateway.limits.SpliceBytes;
import dev.holdfast.gateway.traffic.ConnectionTrace;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A TCP proxy connection: the bytes of one client connection go to one endpoint, and back,
 * unchanged. Confined to its event loop.
 *
 * <p>A half-close (FIN) of one direction is passed on, and the other direction goes on. A reset
 * (RST) of one side resets the other side.
 */
final class Splice implements ClientConnection {
  @Limit(
      of = "endpoints that are tried for a connection that is passed through",
      then = "it is reset")
  static final int MAX_ATTEMPTS = 5;

  private static final Logger log = LoggerFactory.getLogger(Splice.class);

  private final ForwardingLoop loop;
  private final LocalCluster<?> local;
  private final Terms terms;
  private final L4Refusals refusals;
  private final SpliceSide client;
  private final List<EndpointPool<?>> tried = new ArrayList<>(1);
  private @Nullable SpliceSide endpoint;
  private @Nullable EndpointPool<?> pool;
  private String lastFailure = "";
  private long movedNanos = System.nanoTime();
  private @Nullable ScheduledFuture<?> idleTimer;
  private boolean over;

  /** The fixed properties of one proxied connection. */
  private record Terms(
      Cluster cluster,
      boolean announce,
      int hash,
      long idleNanos,
      SpliceBytes bytes,
      ConnectionTrace trace) {}

  private Splice(
      SpliceSide client, ForwardingLoop loop, LocalCluster<?> local, Terms terms, L4Refusals to) {
    this.client = client;
    this.loop = loop;
    this.local = local;
    this.terms = terms;
    this.refusals = to;
  }

  /**
   * Takes over a connection. Bytes that were already read arrive through its pipeline.
   *
   * @param announce whether the endpoint is sent a PROXY header with the client's address
   */
  static void open(
      Channel channel, ForwardingLoop loop, String name, boolean announce, L4Refusals refusals) {
    Cluster cluster = loop.snapshot().clusters().get(name);
    if (cluster == null || cluster.options().tls().isPresent()) {
      String why = cluster == null ? "no cluster " + name : "TLS to its endpoints";
      refusals.refuse(channel, loop, name, SpliceEnd.NO_CLUSTER, why);
      return;
    }
    SocketAddress from = ClientAddress.of(channel);
    int hash = from instanceof InetSocketAddress inet ? inet.getAddress().hashCode() : 0;
    long idleNanos = loop.snapshot().limits().idle().toNanos();
    SpliceBytes bytes = loop.meters().spliceOpened(name);
    ConnectionTrace trace = loop.traffic().connection(name, ClientAddress.host(channel));
    SpliceSide client =
        new SpliceSide(
            channel,
            loop,
            count -> {
              bytes.sent(count);
              trace.onSent(count);
            });
    Splice splice =
        new Splice(
            client,
            loop,
            loop.endpointsOf(cluster),
            new Terms(cluster, announce, hash, idleNanos, bytes, trace),
            refusals);
    client.install(splice);
    loop.add(splice);
    splice.awaitIdle(idleNanos);
    if (!splice.local.onceKnown(splice::connect)) {
      splice.fail("too many wait for the list of endpoints already");
    }
  }

  @Override
  public Channel channel() {
    return client.channel();
  }

  @Override
  public boolean isSpliced() {
    return true;
  }

  @Override
  public void leave(String why, long acknowledgeNanos) {
    // No protocol is known in which this could be said; it has the time that streams have.
  }

  @Override
  public void endCalls(boolean streamsToo) {
    if (streamsToo) {
      cut(SpliceEnd.DRAIN);
    }
  }

  /** Notes that bytes arrived from either side, which restarts the idle timer. */
  void onMoved() {
    movedNanos = System.nanoTime();
  }

  /** Passes the half-close of one side on to the other. */
  void onInputEnded(SpliceSide from) {
    SpliceSide other = other(from);
    if (other != null) {
      other.endOutput(this::closeIfDone);
    }
  }

  /** Resets both sides, because one of them was lost before its end of input and output. */
  void onCut(SpliceSide from, String why) {
    if (!over) {
      log.debug(
          "event=connection_cut cluster={} by={} cause=\"{}\"",
          terms.cluster().name(),
          from == client ? "client" : "endpoint",
          LogText.of(why));
    }
    cut(SpliceEnd.RESET);
  }

  @Nullable SpliceSide other(SpliceSide of) {
    return of == client ? endpoint : client;
  }

  private void connect() {
    if (over) {
      return;
    }
    EndpointPool<?> next = tried.size() < MAX_ATTEMPTS ? local.choose(terms.hash(), tried) : null;
    if (next == null) {
      fail(lastFailure.isEmpty() ? "the cluster has no endpoint" : lastFailure);
      return;
    }
    tried.add(next);
    terms.trace().onAttempt(next.address());
    next.onCallBegan();
    pool = next;
    ChannelFuture connecting = loop.connect(next.where(), terms.cluster().options());
    var unused = connecting.addListener(done -> onConnected(next, connecting));
  }

  private void onConnected(EndpointPool<?> to, ChannelFuture connecting) {
    if (over) {
      L4Refusals.reset(connecting.channel());
    } else if (connecting.isSuccess()) {
      to.onAnswered();
      join(connecting.channel());
    } else {
      lastFailure = to.address() + ": " + connecting.cause().getMessage();
      to.onCallEnded();
      pool = null;
      to.onFault(EndpointFault.CONNECT, lastFailure);
      connect();
    }
  }

  private void join(Channel channel) {
    SpliceSide side =
        new SpliceSide(
            channel,
            loop,
            count -> {
              terms.bytes().received(count);
              terms.trace().onReceived(count);
            });
    SpliceSide.readInChunks(channel);
    endpoint = side;
    if (terms.announce()) {
      ProxyHeader.write(
          channel, ClientAddress.of(client.channel()), client.channel().localAddress());
    }
    side.install(this);
    client.release(side);
    side.release(client);
    channel.flush();
  }

  private void fail(String why) {
    if (!over) {
      end(SpliceEnd.NO_CONNECTION);
      refusals.tell(
          client.channel(),
          loop.meters(),
          terms.cluster().name(),
          SpliceEnd.NO_CONNECTION,
          why + " (attempts: " + tried.size() + ")");
    }
  }

  private void closeIfDone() {
    SpliceSide side = endpoint;
    if (!over && side != null && client.isOutputEnded() && side.isOutputEnded()) {
      end(SpliceEnd.CLOSED);
      loop.meters().spliceEnded(terms.cluster().name(), SpliceEnd.CLOSED.tag());
      var unusedClient = client.channel().close();
      var unusedEndpoint = side.channel().close();
    }
  }

  private void cut(SpliceEnd why) {
    if (over) {
      return;
    }
    end(why);
    loop.meters().spliceEnded(terms.cluster().name(), why.tag());
    L4Refusals.reset(client.channel());
    SpliceSide side = endpoint;
    if (side != null) {
      L4Refusals.reset(side.channel());
    }
  }

  private void end(SpliceEnd how) {
    over = true;
    ScheduledFuture<?> timer = idleTimer;
    if (timer != null) {
      // It would hold both connections for as long as they might have been idle.
      timer.cancel(false);
    }
    terms.trace().onEnd(how.tag());
    client.drop();
    EndpointPool<?> used = pool;
    pool = null;
    if (used != null) {
      used.onCallEnded();
    }
  }

  private void awaitIdle(long nanos) {
    idleTimer = client.channel().eventLoop().schedule(this::onTimer, nanos, TimeUnit.NANOSECONDS);
  }

  private void onTimer() {
    long quietNanos = System.nanoTime() - movedNanos;
    if (over) {
      return;
    }
    if (quietNanos >= terms.idleNanos()) {
      loop.meters().met(MetLimit.IDLE);
      cut(SpliceEnd.IDLE);
    } else {
      awaitIdle(terms.idleNanos() - quietNanos);
    }
  }
}
