package dev.holdfast.grpc;

import dev.holdfast.admin.ConnectionLog;
import dev.holdfast.core.CloseReason;
import dev.holdfast.grpc.internal.admin.ConnectionRecorder;
import dev.holdfast.grpc.internal.admin.PeerAgents;
import dev.holdfast.grpc.internal.transport.EventLoops;
import dev.holdfast.liveness.ConnectionObserver;
import dev.holdfast.liveness.ConnectionRole;
import dev.holdfast.liveness.LivenessHandler;
import dev.holdfast.liveness.LivenessMeters;
import dev.holdfast.liveness.LivenessOptions;
import dev.holdfast.liveness.WatchedConnection;
import io.grpc.netty.NettyServerBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ServerChannel;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Netty channel factory of a server's listening socket; installs the liveness handler as the
 * first of each accepted pipeline.
 *
 * <p>The builder has the factory from the start, so that an application's own channel factory
 * replaces it. The liveness settings are given when the server is built.
 */
final class ServerChannelFactory implements ChannelFactory<ServerChannel> {
  private static final Logger log = LoggerFactory.getLogger(ServerChannelFactory.class);

  /** Clients can be set to 10 s at least; half of it, because pings may arrive in bunches. */
  private static final Duration PERMIT = Duration.ofSeconds(5);

  private final EventLoops loops;

  /**
   * The observer factory that all connections share; a lambda would be an object per connection.
   */
  private final Observers observers = new Observers();

  private volatile @Nullable LivenessOptions liveness;
  private volatile LivenessMeters meters = LivenessMeters.NONE;
  private volatile List<Consumer<ClientGone>> listeners = List.of();
  private volatile @Nullable ConnectionDrainSignals ages;
  private volatile @Nullable PeerAgents agents;

  private ServerChannelFactory(EventLoops loops) {
    this.loops = loops;
  }

  /** Makes this builder's servers listen here. */
  static ServerChannelFactory of(NettyServerBuilder builder) {
    EventLoops loops = EventLoops.shared();
    ServerChannelFactory connections = new ServerChannelFactory(loops);
    builder
        .channelFactory(connections)
        .bossEventLoopGroup(loops.bosses())
        .workerEventLoopGroup(loops.workers());
    return connections;
  }

  /** Enables liveness for accepted connections. */
  void watch(LivenessOptions options, MeterRegistry registry, List<Consumer<ClientGone>> toTell) {
    meters = ProcessLivenessMeters.of(registry, ConnectionRole.SERVER);
    listeners = List.copyOf(toTell);
    liveness = options;
  }

  /** Enables the drain signal of connections that reach their maximum age. */
  void limitAge(ConnectionDrainSignals connections) {
    ages = connections;
  }

  /** Enables the user-agents of clients for the admin service. */
  void recordAgents(PeerAgents connections) {
    agents = connections;
  }

  /**
   * Lets clients ping as often as any client of gRPC can be set to, with or without calls: one that
   * keeps a path open must not be taken for one that abuses it.
   */
  static void permitPings(NettyServerBuilder builder) {
    builder.permitKeepAliveTime(PERMIT.toNanos(), TimeUnit.NANOSECONDS);
    builder.permitKeepAliveWithoutCalls(true);
  }

  @Override
  public ServerChannel newChannel() {
    ServerChannel channel = loops.newServerChannel();
    channel.pipeline().addFirst(new AcceptHandler());
    return channel;
  }

  @Override
  public String toString() {
    LivenessOptions options = liveness;
    return "ServerChannelFactory{" + (options == null ? "unwatched" : options) + "}";
  }

  /** Not on the event loop: what the application does there is its own business. */
  private void tell(ClientGone gone) {
    List<Consumer<ClientGone>> told = listeners;
    if (!told.isEmpty()) {
      ForkJoinPool.commonPool().execute(() -> told.forEach(listener -> tell(listener, gone)));
    }
  }

  private static void tell(Consumer<ClientGone> listener, ClientGone gone) {
    try {
      listener.accept(gone);
    } catch (RuntimeException e) {
      log.warn("event=client_gone_listener_failed client={}", gone.remoteAddress(), e);
    }
  }

  /** Meets every accepted connection before grpc does. */
  private final class AcceptHandler extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object accepted) {
      if (accepted instanceof Channel child) {
        watch(child);
      }
      ConnectionDrainSignals limited = ages;
      if (limited != null && accepted instanceof Channel child) {
        limited.accept(child);
      }
      ctx.fireChannelRead(accepted);
    }

    private void watch(Channel child) {
      LivenessOptions options = liveness;
      LivenessHandler handler =
          options == null
              ? null
              : new LivenessHandler(options, observers, meters, ConnectionRole.SERVER);
      ConnectionRecorder.ofServer(child, handler, begun -> recordAgent(child, begun));
      if (handler != null) {
        child.pipeline().addFirst(handler);
      }
    }

    private void recordAgent(Channel child, ConnectionLog.Tracked begun) {
      PeerAgents recorded = agents;
      if (recorded != null) {
        recorded.accept(child, begun);
      }
    }
  }

  /** Factory of the observers of accepted connections. */
  private final class Observers implements Function<ChannelHandlerContext, ConnectionObserver> {
    @Override
    public ConnectionObserver apply(ChannelHandlerContext ctx) {
      return new ClientWatch();
    }
  }

  /** The observer of a client's connection. */
  private final class ClientWatch implements ConnectionObserver {
    private @Nullable SocketAddress remote;

    @Override
    public void onReady(WatchedConnection connection) {
      remote = connection.remoteAddress();
    }

    @Override
    public void onClosed(CloseReason why) {
      SocketAddress client = remote;
      if (client != null) {
        tell(new ClientGone(client, why));
      }
    }
  }
}
