package dev.holdfast.gateway.listener;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.ConnectionPool;
import dev.holdfast.gateway.cluster.EndpointFault;
import dev.holdfast.gateway.cluster.ThreadLocalCluster;
import dev.holdfast.gateway.headers.ClientAddress;
import dev.holdfast.gateway.limits.MetLimit;
import dev.holdfast.gateway.limits.TcpProxyBytes;
import dev.holdfast.gateway.loop.ClientConnection;
import dev.holdfast.gateway.loop.ClientConnectionReporter;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.traffic.ConnectionProtocol;
import dev.holdfast.gateway.traffic.ConnectionRecord;
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
final class TcpProxyConnection implements ClientConnection {
  @Limit(
      of = "endpoints that are tried for a connection that is passed through",
      then = "it is reset")
  static final int MAX_ATTEMPTS = 5;

  private static final Logger log = LoggerFactory.getLogger(TcpProxyConnection.class);

  private final ForwardingLoop loop;
  private final ThreadLocalCluster<?> local;
  private final Terms terms;
  private final L4Refusals refusals;
  private final TcpProxySide client;
  private final ClientConnectionReporter reporter;
  private final List<ConnectionPool<?>> tried = new ArrayList<>(1);
  private @Nullable TcpProxySide endpoint;
  private @Nullable ConnectionPool<?> pool;
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
      TcpProxyBytes bytes,
      ConnectionRecord trace) {}

  private TcpProxyConnection(
      TcpProxySide client,
      ForwardingLoop loop,
      ThreadLocalCluster<?> local,
      Terms terms,
      L4Refusals to) {
    this.client = client;
    this.reporter = loop.reporterOf(ConnectionProtocol.TCP, client.channel());
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
      refusals.refuse(channel, loop, name, L4CloseReason.NO_CLUSTER, why);
      return;
    }
    SocketAddress from = ClientAddress.of(channel);
    int hash = from instanceof InetSocketAddress inet ? inet.getAddress().hashCode() : 0;
    long idleNanos = loop.snapshot().limits().idle().toNanos();
    TcpProxyBytes bytes = loop.meters().tcpProxyOpened(name);
    ConnectionRecord trace = loop.traffic().connection(name, ClientAddress.host(channel));
    TcpProxySide client =
        new TcpProxySide(
            channel,
            loop,
            count -> {
              bytes.sent(count);
              trace.onSent(count);
            });
    TcpProxyConnection tcpProxyConnection =
        new TcpProxyConnection(
            client,
            loop,
            loop.endpointsOf(cluster),
            new Terms(cluster, announce, hash, idleNanos, bytes, trace),
            refusals);
    channel.pipeline().addLast(tcpProxyConnection.reporter);
    client.install(tcpProxyConnection);
    loop.add(tcpProxyConnection);
    tcpProxyConnection.awaitIdle(idleNanos);
    if (!tcpProxyConnection.local.onceKnown(tcpProxyConnection::connect)) {
      tcpProxyConnection.fail("too many connections wait for the endpoint list");
    }
  }

  @Override
  public Channel channel() {
    return client.channel();
  }

  @Override
  public boolean isTcpProxied() {
    return true;
  }

  @Override
  public void drain(String why, long acknowledgeNanos) {
    // No protocol is known in which this could be said; it has the time that streams have.
  }

  @Override
  public void endCalls(boolean streamsToo) {
    if (streamsToo) {
      cut(L4CloseReason.DRAIN);
    }
  }

  /** Notes that bytes arrived from either side, which restarts the idle timer. */
  void onMoved() {
    movedNanos = System.nanoTime();
  }

  /** Passes the half-close of one side on to the other. */
  void onInputEnded(TcpProxySide from) {
    TcpProxySide other = other(from);
    if (other != null) {
      other.endOutput(this::closeIfDone);
    }
  }

  /** Resets both sides, because one of them was lost before its end of input and output. */
  void onCut(TcpProxySide from, String why) {
    if (!over) {
      log.debug(
          "event=l4_connection_reset cluster={} by={} cause=\"{}\"",
          terms.cluster().name(),
          from == client ? "client" : "endpoint",
          LogEscaper.escape(why));
    }
    cut(L4CloseReason.RESET);
  }

  @Nullable TcpProxySide other(TcpProxySide of) {
    return of == client ? endpoint : client;
  }

  private void connect() {
    if (over) {
      return;
    }
    ConnectionPool<?> next = tried.size() < MAX_ATTEMPTS ? local.choose(terms.hash(), tried) : null;
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

  private void onConnected(ConnectionPool<?> to, ChannelFuture connecting) {
    if (over) {
      L4Refusals.reset(connecting.channel());
    } else if (connecting.isSuccess()) {
      to.onAnswered();
      join(connecting.channel());
    } else {
      lastFailure = to.address() + ": " + IoErrorText.of(connecting.cause());
      to.onCallEnded();
      pool = null;
      to.onFault(EndpointFault.CONNECT, lastFailure);
      connect();
    }
  }

  private void join(Channel channel) {
    TcpProxySide side =
        new TcpProxySide(
            channel,
            loop,
            count -> {
              terms.bytes().received(count);
              terms.trace().onReceived(count);
            });
    TcpProxySide.readInChunks(channel);
    endpoint = side;
    if (terms.announce()) {
      ProxyHeaderWriter.write(
          channel, ClientAddress.of(client.channel()), client.channel().localAddress());
    }
    side.install(this);
    client.release(side);
    side.release(client);
    channel.flush();
  }

  private void fail(String why) {
    if (!over) {
      end(L4CloseReason.NO_CONNECTION);
      refusals.tell(
          client.channel(),
          loop.meters(),
          terms.cluster().name(),
          L4CloseReason.NO_CONNECTION,
          why + " (attempts: " + tried.size() + ")");
    }
  }

  private void closeIfDone() {
    TcpProxySide side = endpoint;
    if (!over && side != null && client.isOutputEnded() && side.isOutputEnded()) {
      end(L4CloseReason.CLOSED);
      loop.meters().tcpProxyEnded(terms.cluster().name(), L4CloseReason.CLOSED.tag());
      var unusedClient = client.channel().close();
      var unusedEndpoint = side.channel().close();
    }
  }

  private void cut(L4CloseReason why) {
    if (over) {
      return;
    }
    end(why);
    loop.meters().tcpProxyEnded(terms.cluster().name(), why.tag());
    L4Refusals.reset(client.channel());
    TcpProxySide side = endpoint;
    if (side != null) {
      L4Refusals.reset(side.channel());
    }
  }

  private void end(L4CloseReason how) {
    over = true;
    ScheduledFuture<?> timer = idleTimer;
    if (timer != null) {
      // It would hold both connections for as long as they might have been idle.
      timer.cancel(false);
    }
    terms.trace().onEnd(how.tag());
    reporter.onEnding(how.reason());
    client.drop();
    ConnectionPool<?> used = pool;
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
      cut(L4CloseReason.IDLE);
    } else {
      awaitIdle(terms.idleNanos() - quietNanos);
    }
  }
}
