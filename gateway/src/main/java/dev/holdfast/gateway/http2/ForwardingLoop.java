package dev.holdfast.gateway.http2;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.Limit;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.ClusterOptions;
import dev.holdfast.gateway.cluster.LinkWatch;
import dev.holdfast.gateway.cluster.LocalCluster;
import dev.holdfast.gateway.limits.GatewayMemory;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.limits.LoopMemory;
import dev.holdfast.gateway.tls.TlsClient;
import dev.holdfast.gateway.traffic.LoopTraffic;
import dev.holdfast.liveness.ConnectionObserver;
import dev.holdfast.liveness.KernelKeepalive;
import dev.holdfast.liveness.LivenessHandler;
import dev.holdfast.liveness.LivenessMeters;
import dev.holdfast.liveness.LivenessOptions;
import dev.holdfast.liveness.Role;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Everything that one event loop forwards with: its clients' connections, its own connections to
 * the endpoints of each cluster, and what is to be flushed. No request leaves its loop.
 */
public final class ForwardingLoop {
  @Limit(
      of = "reads of 64 KiB that one connection of a gateway has in a turn of its event loop",
      then = "the rest is read when all other connections had their turn")
  static final int READS = 4;

  private final EventLoop loop;
  private final Supplier<? extends Terms> terms;
  private final Watching watching;
  private final Shared shared;
  private final LoopTraffic traffic;
  private final Bootstrap bootstrap;
  private final LocalClusters clusters;
  private final LoopClients clients;

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

  /** Gives back the buffers that the thread of this event loop keeps for later; on that thread. */
  public static void releaseSpareBuffers() {
    SpareBuffers.release();
    GatewayBuffers.trim();
  }

  /** How much a connection reads in a turn: what one client sends is work that others wait for. */
  public static RecvByteBufAllocator readsOfTurn() {
    return new AdaptiveRecvByteBufAllocator().maxMessagesPerRead(READS);
  }

  /**
   * A loop without connections.
   *
   * @param terms asked for each request
   */
  public ForwardingLoop(EventLoop loop, Supplier<? extends Terms> terms, Watching watching) {
    this(loop, terms, watching, GatewayMemory.ofProcess());
  }

  /**
   * As above.
   *
   * @param memory what all loops may keep together
   */
  public ForwardingLoop(
      EventLoop loop, Supplier<? extends Terms> terms, Watching watching, GatewayMemory memory) {
    this.loop = loop;
    this.clients = new LoopClients(loop, new Random());
    this.terms = terms;
    this.watching = watching;
    this.shared = new Shared(new FlushList(loop), watching.meters(), memory.part(loop));
    this.traffic = watching.meters().traffic().open();
    long pauseNanos = LoopTraffic.LONG_CALL.toNanos() / 2;
    var unused =
        loop.scheduleWithFixedDelay(
            traffic::tellOfLongCalls, pauseNanos, pauseNanos, TimeUnit.NANOSECONDS);
    this.bootstrap =
        new Bootstrap()
            .group(loop)
            .channel(Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class)
            .resolver(new OffLoopResolver())
            .option(ChannelOption.ALLOCATOR, GatewayBuffers.ALLOCATOR)
            .option(ChannelOption.RECVBUF_ALLOCATOR, readsOfTurn())
            .option(ChannelOption.TCP_NODELAY, true);
    this.clusters =
        new LocalClusters(
            loop,
            terms,
            new ClusterLoop(loop, watching.meters()),
            cluster -> (to, options, watch) -> dial(cluster, to, options, watch));
  }

  /** Prepares a connection of HTTP/2 that was accepted on this loop. */
  public void accept(Channel channel) {
    accept(channel, DownstreamConnection.of(this, terms.get().limits(), null));
  }

  /** As above, where a face takes what is not gRPC. */
  public void accept(Channel channel, WebFace face) {
    accept(channel, DownstreamConnection.of(this, terms.get().limits(), face));
  }

  private void accept(Channel channel, DownstreamConnection connection) {
    channel
        .pipeline()
        .addLast(
            new LivenessHandler(
                watching.options, ctx -> ConnectionObserver.NONE, watching.clients, Role.SERVER))
        .addLast(connection);
    connection.watchTimes();
    clients.add(connection);
  }

  /** Somebody connected, and did not yet say what for; a drain waits until that is known. */
  public void arrives(Channel channel) {
    clients.arrives(channel);
  }

  /**
   * A client of another protocol than HTTP/2, whose liveness only the kernel can ask for; is asked
   * to leave when the gateway closes.
   */
  public void add(ClientConnection connection) {
    keepAlive(connection.channel());
    clients.add(connection);
  }

  /** The clusters that are still wanted; the others' connections end with their last call. */
  public void retain(Collection<Cluster> wanted) {
    traffic.forgetRoutes();
    clusters.retain(wanted);
  }

  /**
   * Lets clients go: calls end, or are ended when their time is over.
   *
   * @param acknowledge how long a client may take to hear of it
   * @param unary how long calls go on whose request is complete and whose answer has not begun
   * @param streams how long the others go on
   * @return completes on this loop when all are gone
   */
  public Future<Void> drain(Duration acknowledge, Duration unary, Duration streams) {
    // The last client takes the connections to upstreams with it.
    return clients.drain(acknowledge, unary, streams, () -> retain(List.of()));
  }

  /** What can be seen of it now; on the loop. */
  public LoopView view() {
    long nowNanos = System.nanoTime();
    return new LoopView(
        clients.size(), clients.spliced(), memory().usedBytes(), clusters.view(nowNanos));
  }

  /** The thread that runs it. */
  public EventLoop eventLoop() {
    return loop;
  }

  /** What requests meet now. */
  public Terms snapshot() {
    return terms.get();
  }

  ByteBufAllocator allocator() {
    return GatewayBuffers.ALLOCATOR;
  }

  Shared shared() {
    return shared;
  }

  /** What it keeps of others' bytes. */
  public LoopMemory memory() {
    return shared.memory();
  }

  /** The calls of this loop. */
  public LoopTraffic traffic() {
    return traffic;
  }

  /** Its counters. */
  public GatewayMeters meters() {
    return watching.meters;
  }

  /** This loop's part of a cluster. */
  LocalCluster<UpstreamConnection> local(Cluster cluster) {
    return clusters.of(cluster);
  }

  /** This loop's part of a cluster, for connections that are made by {@link #connect}. */
  public LocalCluster<?> endpointsOf(Cluster cluster) {
    return local(cluster);
  }

  private void keepAlive(Channel channel) {
    KernelKeepalive.set(channel, watching.options.tcp());
  }

  /**
   * Connects to an endpoint for one client alone, in plaintext and kept alive by the kernel;
   * nothing is read yet.
   */
  public ChannelFuture connect(HostPort endpoint, ClusterOptions options) {
    return bootstrap
        .clone()
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, Destination.timeoutMillis(options))
        .option(ChannelOption.AUTO_READ, false)
        .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
        .handler(
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel channel) {
                keepAlive(channel);
              }
            })
        .connect(Destination.address(endpoint));
  }

  private UpstreamConnection dial(
      Cluster cluster,
      Endpoint endpoint,
      ClusterOptions options,
      LinkWatch<UpstreamConnection> watch) {
    UpstreamConnection connection =
        UpstreamConnection.to(
            endpoint,
            new UpstreamConnection.Setting(
                terms.get().limits(), shared, watch, options.tls().isPresent(), cluster.name()));
    loop.execute(() -> connect(connection, endpoint, options));
    return connection;
  }

  private void connect(UpstreamConnection connection, Endpoint endpoint, ClusterOptions options) {
    if (connection.isLeaving()) {
      connection.onSocketClosed();
      return;
    }
    int timeoutMillis = Destination.timeoutMillis(options);
    ChannelFuture connecting =
        bootstrap
            .clone()
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, timeoutMillis)
            .handler(new UpstreamPipeline(connection, endpoint.address(), options.tls()))
            .connect(Destination.address(endpoint.address()));
    var unusedConnect =
        connecting.addListener(
            done -> {
              if (!done.isSuccess()) {
                connection.blame(String.valueOf(done.cause().getMessage()));
              }
            });
    var unusedClose =
        connecting
            .channel()
            .closeFuture()
            // Not at once: why it failed may not be told yet.
            .addListener(closed -> loop.execute(connection::onSocketClosed));
    var unusedTimer =
        loop.schedule(
            () -> {
              if (!connection.isReady()) {
                String missing = connection.hasChannel() ? "SETTINGS" : "end of the TLS handshake";
                connection.blame("no " + missing + " within " + timeoutMillis + "ms");
                var unused = connecting.channel().close();
              }
            },
            timeoutMillis,
            TimeUnit.MILLISECONDS);
  }

  private final class UpstreamPipeline extends ChannelInitializer<Channel> {
    private final UpstreamConnection connection;
    private final HostPort where;
    private final Optional<TlsClient> tls;

    UpstreamPipeline(UpstreamConnection connection, HostPort where, Optional<TlsClient> tls) {
      this.connection = connection;
      this.where = where;
      this.tls = tls;
    }

    @Override
    protected void initChannel(Channel channel) {
      if (tls.isEmpty()) {
        speak(channel);
        return;
      }
      channel
          .pipeline()
          .addLast(tls.get().handler(channel.alloc(), where.host(), where.port()))
          .addLast(new UpstreamHandshake(connection, () -> speak(channel)));
    }

    private void speak(Channel channel) {
      channel
          .pipeline()
          .addLast(
              new LivenessHandler(
                  watching.options, ctx -> connection.observer(), watching.upstreams, Role.CLIENT))
          .addLast(connection);
    }
  }
}
