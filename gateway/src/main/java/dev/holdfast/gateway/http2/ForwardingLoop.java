package dev.holdfast.gateway.http2;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.Subscription;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.ClusterOptions;
import dev.holdfast.gateway.cluster.LinkWatch;
import dev.holdfast.gateway.cluster.LocalCluster;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.liveness.ConnectionObserver;
import dev.holdfast.liveness.LivenessHandler;
import dev.holdfast.liveness.LivenessMeters;
import dev.holdfast.liveness.LivenessOptions;
import dev.holdfast.liveness.Role;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Everything that one event loop forwards with: its clients' connections, its own connections to
 * the endpoints of each cluster, and what is to be flushed. No request leaves its loop.
 */
public final class ForwardingLoop {
  private final EventLoop loop;
  private final Supplier<? extends Terms> terms;
  private final Watching watching;
  private final FlushList flushes;
  private final Bootstrap bootstrap;
  private final IdentityHashMap<Cluster, Local> clusters = new IdentityHashMap<>();
  private final Set<DownstreamConnection> clients = new HashSet<>();

  /**
   * What watches the connections of a gateway.
   *
   * @param options of the liveness room
   * @param clients its meters of connections that were accepted
   * @param upstreams its meters of connections that the gateway opened
   * @param meters of the gateway
   */
  public record Watching(
      LivenessOptions options,
      LivenessMeters clients,
      LivenessMeters upstreams,
      GatewayMeters meters) {}

  /**
   * A loop without connections.
   *
   * @param terms asked for each request
   */
  public ForwardingLoop(EventLoop loop, Supplier<? extends Terms> terms, Watching watching) {
    this.loop = loop;
    this.terms = terms;
    this.watching = watching;
    this.flushes = new FlushList(loop);
    this.bootstrap =
        new Bootstrap()
            .group(loop)
            .channel(Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class)
            .resolver(new OffLoopResolver())
            .option(ChannelOption.TCP_NODELAY, true);
  }

  private record Local(LocalCluster<UpstreamConnection> cluster, Subscription list) {}

  /** Prepares a connection that was accepted on this loop. */
  public void accept(Channel channel) {
    DownstreamConnection connection = DownstreamConnection.of(this, terms.get().limits());
    channel
        .pipeline()
        .addLast(
            new LivenessHandler(
                watching.options, ctx -> ConnectionObserver.NONE, watching.clients, Role.SERVER))
        .addLast(connection);
    clients.add(connection);
    var unusedClose = channel.closeFuture().addListener(closed -> clients.remove(connection));
  }

  /** The clusters that are still wanted; the others' connections end with their last call. */
  public void retain(Collection<Cluster> wanted) {
    Set<Cluster> kept = Collections.newSetFromMap(new IdentityHashMap<>());
    kept.addAll(wanted);
    Iterator<Map.Entry<Cluster, Local>> all = clusters.entrySet().iterator();
    while (all.hasNext()) {
      Map.Entry<Cluster, Local> each = all.next();
      if (!kept.contains(each.getKey())) {
        all.remove();
        each.getValue().list.close();
        each.getValue().cluster.retire();
      }
    }
  }

  /** The clients that are connected. */
  Collection<DownstreamConnection> clients() {
    return clients;
  }

  EventLoop eventLoop() {
    return loop;
  }

  Terms snapshot() {
    return terms.get();
  }

  FlushList flushes() {
    return flushes;
  }

  GatewayMeters meters() {
    return watching.meters;
  }

  /** This loop's part of a cluster. */
  LocalCluster<UpstreamConnection> local(Cluster cluster) {
    Local known = clusters.get(cluster);
    return known == null ? open(cluster) : known.cluster;
  }

  private LocalCluster<UpstreamConnection> open(Cluster cluster) {
    LocalCluster<UpstreamConnection> local =
        new LocalCluster<>(
            cluster, this::dial, bound -> ThreadLocalRandom.current().nextInt(bound));
    Subscription list =
        cluster.listen(
            endpoints -> {
              if (loop.inEventLoop()) {
                local.update(endpoints);
              } else {
                loop.execute(() -> local.update(endpoints));
              }
            });
    clusters.put(cluster, new Local(local, list));
    return local;
  }

  private UpstreamConnection dial(
      Endpoint endpoint, ClusterOptions options, LinkWatch<UpstreamConnection> watch) {
    UpstreamConnection connection =
        UpstreamConnection.to(
            endpoint, new UpstreamConnection.Setting(terms.get().limits(), flushes, watch));
    loop.execute(() -> connect(connection, endpoint, options));
    return connection;
  }

  private void connect(UpstreamConnection connection, Endpoint endpoint, ClusterOptions options) {
    if (connection.isLeaving()) {
      connection.onSocketClosed();
      return;
    }
    int timeoutMillis = (int) Math.min(Integer.MAX_VALUE, options.connectTimeout().toMillis());
    ChannelFuture connecting =
        bootstrap
            .clone()
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, timeoutMillis)
            .handler(new UpstreamPipeline(connection))
            .connect(address(endpoint.address()));
    var unusedConnect =
        connecting.addListener(
            done -> {
              if (!done.isSuccess()) {
                connection.blame(String.valueOf(done.cause().getMessage()));
              }
            });
    var unusedClose =
        connecting.channel().closeFuture().addListener(closed -> connection.onSocketClosed());
    var unusedTimer =
        loop.schedule(
            () -> {
              if (!connection.isReady()) {
                connection.blame("no SETTINGS within " + timeoutMillis + "ms");
                var unused = connecting.channel().close();
              }
            },
            timeoutMillis,
            TimeUnit.MILLISECONDS);
  }

  private static InetSocketAddress address(HostPort where) {
    byte[] literal = NetUtil.createByteArrayFromIpAddressString(where.host());
    return literal == null
        ? InetSocketAddress.createUnresolved(where.host(), where.port())
        : new InetSocketAddress(
            NetUtil.createInetAddressFromIpAddressString(where.host()), where.port());
  }

  private final class UpstreamPipeline extends ChannelInitializer<Channel> {
    private final UpstreamConnection connection;

    UpstreamPipeline(UpstreamConnection connection) {
      this.connection = connection;
    }

    @Override
    protected void initChannel(Channel channel) {
      channel
          .pipeline()
          .addLast(
              new LivenessHandler(
                  watching.options, ctx -> connection.observer(), watching.upstreams, Role.CLIENT))
          .addLast(connection);
    }
  }
}
