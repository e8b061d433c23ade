package dev.holdfast.grpc;

import dev.holdfast.core.CloseReason;
import dev.holdfast.grpc.internal.admin.ConnectionRecorder;
import dev.holdfast.grpc.internal.pairing.InstanceIndex;
import dev.holdfast.grpc.internal.pairing.PairMember;
import dev.holdfast.grpc.internal.pairing.PairingContext;
import dev.holdfast.grpc.internal.pairing.PairingLoadBalancerProviders;
import dev.holdfast.grpc.internal.pairing.ReplacementLimit;
import dev.holdfast.grpc.internal.transport.EventLoops;
import dev.holdfast.grpc.internal.version.GrpcFeature;
import dev.holdfast.liveness.ConnectionObserver;
import dev.holdfast.liveness.ConnectionRole;
import dev.holdfast.liveness.LivenessHandler;
import dev.holdfast.liveness.LivenessMeters;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.LoadBalancerRegistry;
import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.NettyChannelBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelHandlerContext;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/**
 * The Netty channel factory of a client channel; installs the liveness handler as the first of each
 * pipeline.
 *
 * <p>The builder has the factory from the start, so that an application's own channel factory
 * replaces it. The liveness settings are given when the channel is built.
 */
final class ClientChannelFactory implements ChannelFactory<Channel> {
  /** An observer that ignores all events, for a connection that belongs to no pair, or not yet. */
  static final ConnectionObserver NOBODY =
      new ConnectionObserver() {
        @Override
        public Throwable failure(CloseReason why, Object subject) {
          return PairMember.unavailable(why, subject);
        }
      };

  private volatile EventLoops loops;
  private volatile Optional<LivenessOptions> liveness = Optional.empty();
  private final InstanceIndex instances = new InstanceIndex();
  private volatile LivenessMeters meters = LivenessMeters.NONE;
  private volatile String service = "";

  private ClientChannelFactory(EventLoops loops) {
    this.loops = loops;
  }

  /** Makes this builder's channels open their sockets here. */
  static ClientChannelFactory of(NettyChannelBuilder builder) {
    ClientChannelFactory connections = new ClientChannelFactory(EventLoops.shared());
    connections.use(builder, EventLoops.shared());
    return connections;
  }

  /** Names the service that the channel calls, for operators. */
  void calls(String newService) {
    service = newService;
  }

  /** Opens sockets of another kind. */
  void use(NettyChannelBuilder builder, EventLoops other) {
    loops = other;
    builder.channelFactory(this).eventLoopGroup(other.workers());
  }

  /**
   * Enables liveness for new connections, and pairs for endpoints.
   *
   * @param builder the one of {@link #of}
   * @param service the service that the channel calls, for meters
   * @param policy the load-balancing policy that the channel names
   */
  void watch(
      NettyChannelBuilder builder,
      LivenessOptions options,
      String service,
      MeterRegistry registry,
      String policy) {
    meters = ProcessLivenessMeters.of(registry, ConnectionRole.CLIENT);
    liveness = Optional.of(options);
    if (!GrpcFeature.CONNECTION_PAIRS.isAvailable()) {
      return;
    }
    PairingLoadBalancerProviders.install(LoadBalancerRegistry.getDefaultRegistry(), Set.of(policy));
    builder.setNameResolverArg(
        PairingContext.ARGUMENT,
        new PairingContext(
            service,
            registry,
            ReplacementLimit.shared(),
            System::nanoTime,
            new Random(),
            instances));
  }

  /** The endpoints of its channel, while they are watched. */
  InstanceIndex instances() {
    return instances;
  }

  @Override
  public Channel newChannel() {
    Channel channel = loops.newClientChannel();
    LivenessHandler handler =
        liveness
            .map(
                options ->
                    new LivenessHandler(
                        options, ClientChannelFactory::observerOf, meters, ConnectionRole.CLIENT))
            .orElse(null);
    ConnectionRecorder.ofClient(channel, service, handler);
    if (handler != null) {
      channel.pipeline().addFirst(handler);
    }
    return channel;
  }

  /** The observer in the load balancer that opened this connection. */
  static ConnectionObserver observerOf(ChannelHandlerContext ctx) {
    if (!GrpcFeature.CONNECTION_PAIRS.isAvailable()) {
      return NOBODY;
    }
    GrpcHttp2ConnectionHandler grpc = ctx.pipeline().get(GrpcHttp2ConnectionHandler.class);
    PairMember pairMember = grpc == null ? null : grpc.getEagAttributes().get(PairMember.KEY);
    return pairMember == null ? NOBODY : pairMember.observe();
  }

  @Override
  public String toString() {
    return "ClientChannelFactory{" + liveness.map(Object::toString).orElse("unwatched") + "}";
  }
}
