package dev.holdfast.gateway.loop;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.ClusterOptions;
import dev.holdfast.gateway.cluster.PooledConnectionListener;
import dev.holdfast.gateway.cluster.ThreadLocalCluster;
import dev.holdfast.gateway.headers.ClientAddress;
import dev.holdfast.gateway.headers.KnownPaths;
import dev.holdfast.gateway.http2.codec.LoopResources;
import dev.holdfast.gateway.limits.GatewayMemory;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.limits.LoopMemory;
import dev.holdfast.gateway.socket.GatewayBuffers;
import dev.holdfast.gateway.socket.SpareBuffers;
import dev.holdfast.gateway.tls.TlsClient;
import dev.holdfast.gateway.traffic.ConnectionListener;
import dev.holdfast.gateway.traffic.ConnectionProtocol;
import dev.holdfast.gateway.traffic.LoopCallStatistics;
import dev.holdfast.gateway.upstream.OffLoopResolver;
import dev.holdfast.gateway.upstream.UpstreamAddress;
import dev.holdfast.gateway.upstream.UpstreamConnection;
import dev.holdfast.gateway.upstream.UpstreamTlsHandshake;
import dev.holdfast.liveness.ConnectionObserver;
import dev.holdfast.liveness.ConnectionRole;
import dev.holdfast.liveness.LivenessHandler;
import dev.holdfast.liveness.LivenessMeters;
import dev.holdfast.liveness.LivenessOptions;
import dev.holdfast.liveness.TcpKeepalive;
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
import io.netty.util.concurrent.Promise;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The forwarding context of one event loop: its clients' connections, its own connections to the
 * endpoints of each cluster, and the pending flushes. No request leaves its loop.
 */
public final class ForwardingLoop {
  @Limit(
      of = "reads of 64 KiB that one connection of a gateway has in a turn of its event loop",
      then = "the rest is read when all other connections had their turn")
  static final int READS = 4;

  private final EventLoop loop;
  private final Supplier<? extends ConfigSnapshot> terms;
  private final ConnectionMonitoring connectionMonitoring;
  private final LoopResources loopResources;
  private final LoopCallStatistics traffic;
  private final Bootstrap bootstrap;
  private final ThreadLocalClusters clusters;
  private final LoopClients clients;
  private final DeadlineWheel deadlines;
  private final KnownPaths knownPaths = new KnownPaths();
  private final Set<Runnable> drainTasks = new LinkedHashSet<>();
  private final Set<Object> drainHolds = new HashSet<>();
  private final Promise<Void> drained;
  private boolean draining;

  /**
   * The observers of a gateway's connections: liveness and meters.
   *
   * @param options of liveness
   * @param clients liveness meters of accepted connections
   * @param upstreams liveness meters of connections that the gateway opened
   * @param meters of the gateway
   * @param listener for connections
   */
  public record ConnectionMonitoring(
      LivenessOptions options,
      LivenessMeters clients,
      LivenessMeters upstreams,
      GatewayMeters meters,
      ConnectionListener listener) {
    /** Observers without a listener for connections. */
    public ConnectionMonitoring(
        LivenessOptions options,
        LivenessMeters clients,
        LivenessMeters upstreams,
        GatewayMeters meters) {
      this(options, clients, upstreams, meters, ConnectionListener.NONE);
    }
  }

  /** Releases the spare buffers of the event loop; must be called on its thread. */
  public static void releaseSpareBuffers() {
    SpareBuffers.release();
    GatewayBuffers.trim();
  }

  /**
   * The limit of bytes that a connection reads in a turn: the work for one client makes the others
   * wait.
   */
  public static RecvByteBufAllocator limitedReads() {
    return new AdaptiveRecvByteBufAllocator().maxMessagesPerRead(READS);
  }

  /**
   * Creates a loop without connections.
   *
   * @param terms the configuration snapshot, read for each request
   */
  public ForwardingLoop(
      EventLoop loop,
      Supplier<? extends ConfigSnapshot> terms,
      ConnectionMonitoring connectionMonitoring) {
    this(loop, terms, connectionMonitoring, GatewayMemory.ofProcess());
  }

  /**
   * Creates a loop without connections, with a memory of its own.
   *
   * @param terms the configuration snapshot, read for each request
   * @param memory that all loops share
   */
  public ForwardingLoop(
      EventLoop loop,
      Supplier<? extends ConfigSnapshot> terms,
      ConnectionMonitoring connectionMonitoring,
      GatewayMemory memory) {
    this.loop = loop;
    this.deadlines = DeadlineWheel.of(loop);
    this.clients = new LoopClients(loop, new Random());
    this.drained = loop.newPromise();
    this.terms = terms;
    this.connectionMonitoring = connectionMonitoring;
    this.loopResources = new LoopResources(loop, connectionMonitoring.meters(), memory.part(loop));
    this.traffic = connectionMonitoring.meters().callStatistics().open();
    long pauseNanos = LoopCallStatistics.LONG_CALL.toNanos() / 2;
    var unused =
        loop.scheduleWithFixedDelay(
            traffic::reportLongCalls, pauseNanos, pauseNanos, TimeUnit.NANOSECONDS);
    this.bootstrap =
        new Bootstrap()
            .group(loop)
            .channel(Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class)
            .resolver(new OffLoopResolver())
            .option(ChannelOption.ALLOCATOR, GatewayBuffers.ALLOCATOR)
            .option(ChannelOption.RECVBUF_ALLOCATOR, limitedReads())
            .option(ChannelOption.TCP_NODELAY, true);
    this.clusters =
        new ThreadLocalClusters(
            loop,
            terms,
            new EventLoopContext(loop, connectionMonitoring.meters()),
            cluster -> (to, options, watch) -> dial(cluster, to, options, watch));
  }

  /** The reporter of an HTTP/2 connection that a client opened; null when nobody listens. */
  public @Nullable ConnectionReporter reporterOfClient(Channel channel) {
    return reporter("", ClientAddress.of(channel), channel, ConnectionObserver.NONE);
  }

  private @Nullable ConnectionReporter reporter(
      String cluster, @Nullable SocketAddress peer, Channel channel, ConnectionObserver next) {
    ConnectionListener listener = connectionMonitoring.listener;
    return listener == ConnectionListener.NONE
        ? null
        : new ConnectionReporter(
            listener,
            new ConnectionListener.ConnectionEnds(
                ConnectionProtocol.HTTP2, cluster, peer, channel.localAddress()),
            next);
  }

  /**
   * The reporter of a client connection of another protocol than HTTP/2, which the caller adds to
   * the pipeline.
   */
  public ClientConnectionReporter reporterOf(ConnectionProtocol protocol, Channel channel) {
    ConnectionListener.ConnectionEnds ends =
        new ConnectionListener.ConnectionEnds(
            protocol, "", ClientAddress.of(channel), channel.localAddress());
    return new ClientConnectionReporter(
        connectionMonitoring.listener.onOpened(ends, () -> false), () -> draining);
  }

  /** The liveness handler of a connection that a client opened. */
  public LivenessHandler livenessOfClient(@Nullable ConnectionReporter reporter) {
    return new LivenessHandler(
        connectionMonitoring.options,
        ctx -> reporter == null ? ConnectionObserver.NONE : reporter,
        connectionMonitoring.clients,
        ConnectionRole.SERVER);
  }

  /**
   * Registers an accepted connection whose protocol is not known yet; a drain waits until it is.
   */
  public void onAccepted(Channel channel) {
    assertInLoop();
    clients.onAccepted(channel);
  }

  /** Registers a client connection of HTTP/2. A draining gateway asks it to leave. */
  public void addHttp2(ClientConnection connection) {
    assertInLoop();
    clients.add(connection);
  }

  /**
   * Registers a client connection of another protocol than HTTP/2. Only TCP keepalive checks its
   * liveness. A draining gateway asks it to leave.
   */
  public void add(ClientConnection connection) {
    assertInLoop();
    keepAlive(connection.channel());
    clients.add(connection);
  }

  /** Keeps these clusters; connections of others end with their last call. */
  public void retain(Collection<Cluster> wanted) {
    assertInLoop();
    traffic.forgetRoutes();
    knownPaths.clear();
    clusters.retain(wanted);
  }

  /**
   * Drains the clients: calls end by themselves, or are ended when their time has passed.
   *
   * @param acknowledge time for a client to acknowledge the first GOAWAY
   * @param unary time for calls with a complete request and no response headers yet
   * @param streams time for all other calls
   * @return completes on this loop when all clients are gone, and what else {@link #holdDrain
   *     holds} the drain
   */
  public Future<Void> drain(Duration acknowledge, Duration unary, Duration streams) {
    assertInLoop();
    draining = true;
    drainHolds.add(clients);
    List.copyOf(drainTasks).forEach(Runnable::run);
    var unused = clients.drain(acknowledge, unary, streams, () -> endDrainHold(clients));
    return drained;
  }

  /**
   * Lets a drain wait, also when all clients are gone: for work that another process waits for.
   *
   * @return ends the hold
   */
  public Runnable holdDrain() {
    assertInLoop();
    Object hold = new Object();
    drainHolds.add(hold);
    return () -> endDrainHold(hold);
  }

  private void endDrainHold(Object hold) {
    assertInLoop();
    if (drainHolds.remove(hold) && drainHolds.isEmpty() && !drained.isDone()) {
      // The last client takes the connections to upstreams with it.
      retain(List.of());
      drained.setSuccess(null);
    }
  }

  /**
   * Registers a task that runs when the gateway begins to drain; at once if it does so already. For
   * work that no client waits for.
   */
  public void addDrainTask(Runnable task) {
    assertInLoop();
    drainTasks.add(task);
    if (draining) {
      task.run();
    }
  }

  /** Removes a drain task. */
  public void removeDrainTask(Runnable task) {
    assertInLoop();
    drainTasks.remove(task);
  }

  /** A view of the loop, for the admin page. Must be called on the loop. */
  public LoopView view() {
    assertInLoop();
    long nowNanos = System.nanoTime();
    return new LoopView(
        clients.size(), clients.tcpProxied(), memory().usedBytes(), clusters.view(nowNanos));
  }

  /**
   * Asserts that the caller runs on this event loop: what a loop has is not synchronized.
   *
   * @throws AssertionError on any other thread
   */
  public void assertInLoop() {
    EventLoopContext.assertIn(loop);
  }

  /** The event loop of this context. */
  public EventLoop eventLoop() {
    return loop;
  }

  /** The paths that this loop's requests had. */
  public KnownPaths knownPaths() {
    return knownPaths;
  }

  /** The deadlines of this loop's calls. */
  public DeadlineWheel deadlines() {
    return deadlines;
  }

  /** The current configuration snapshot of the gateway. */
  public ConfigSnapshot snapshot() {
    return terms.get();
  }

  public ByteBufAllocator allocator() {
    return GatewayBuffers.ALLOCATOR;
  }

  public LoopResources loopResources() {
    return loopResources;
  }

  /** The loop's part of the gateway's buffer memory. */
  public LoopMemory memory() {
    return loopResources.memory();
  }

  /** The statistics of this loop's calls. */
  public LoopCallStatistics traffic() {
    return traffic;
  }

  /** The meters of the gateway. */
  public GatewayMeters meters() {
    return connectionMonitoring.meters;
  }

  /** The state of a cluster on this loop. */
  public ThreadLocalCluster<UpstreamConnection> local(Cluster cluster) {
    assertInLoop();
    return clusters.of(cluster);
  }

  /** The state of a cluster on this loop, for connections that are made by {@link #connect}. */
  public ThreadLocalCluster<?> endpointsOf(Cluster cluster) {
    return local(cluster);
  }

  private void keepAlive(Channel channel) {
    TcpKeepalive.set(channel, connectionMonitoring.options.tcp());
  }

  /**
   * Connects to an endpoint in plaintext for one client alone, with TCP keepalive. Reading starts
   * only when the caller enables it.
   */
  public ChannelFuture connect(HostPort endpoint, ClusterOptions options) {
    return bootstrap
        .clone()
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, UpstreamAddress.timeoutMillis(options))
        .option(ChannelOption.AUTO_READ, false)
        .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
        .handler(
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel channel) {
                keepAlive(channel);
              }
            })
        .connect(UpstreamAddress.address(endpoint));
  }

  private UpstreamConnection dial(
      Cluster cluster,
      Endpoint endpoint,
      ClusterOptions options,
      PooledConnectionListener<UpstreamConnection> watch) {
    UpstreamConnection connection =
        UpstreamConnection.to(
            endpoint,
            new UpstreamConnection.UpstreamConnectionContext(
                terms.get().limits(),
                loopResources,
                watch,
                options.tls().isPresent(),
                cluster.name()));
    loop.execute(() -> connect(connection, endpoint, options, cluster.name()));
    return connection;
  }

  private void connect(
      UpstreamConnection connection, Endpoint endpoint, ClusterOptions options, String cluster) {
    if (connection.isDraining()) {
      connection.onSocketClosed();
      return;
    }
    int timeoutMillis = UpstreamAddress.timeoutMillis(options);
    ChannelFuture connecting =
        bootstrap
            .clone()
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, timeoutMillis)
            .handler(new UpstreamPipeline(connection, endpoint.address(), options.tls(), cluster))
            .connect(UpstreamAddress.address(endpoint.address()));
    var unusedConnect =
        connecting.addListener(
            done -> {
              if (!done.isSuccess()) {
                connection.setCloseReason(IoErrorText.of(done.cause()));
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
                connection.setCloseReason("no " + missing + " within " + timeoutMillis + "ms");
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
    private final String cluster;

    UpstreamPipeline(
        UpstreamConnection connection, HostPort where, Optional<TlsClient> tls, String cluster) {
      this.connection = connection;
      this.where = where;
      this.tls = tls;
      this.cluster = cluster;
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
          .addLast(new UpstreamTlsHandshake(connection, () -> speak(channel)));
    }

    private void speak(Channel channel) {
      channel
          .pipeline()
          .addLast(
              new LivenessHandler(
                  connectionMonitoring.options,
                  ctx -> observer(ctx.channel()),
                  connectionMonitoring.upstreams,
                  ConnectionRole.CLIENT))
          .addLast(connection);
    }

    private ConnectionObserver observer(Channel channel) {
      ConnectionObserver own = connection.observer();
      ConnectionReporter reporter = reporter(cluster, channel.remoteAddress(), channel, own);
      return reporter == null ? own : reporter;
    }
  }
}
