package dev.holdfast.grpc;

import dev.holdfast.liveness.ConnectionObserver;
import dev.holdfast.liveness.LivenessHandler;
import dev.holdfast.liveness.LivenessMeters;
import dev.holdfast.liveness.LivenessOptions;
import dev.holdfast.liveness.Role;
import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelHandlerContext;
import java.util.Optional;

/**
 * Opens the sockets of a channel and puts the watch before everything else in their pipelines.
 *
 * <p>Its builder has it from the start, so that an application's own channel factory replaces it;
 * what it should do is said when the channel is built.
 */
final class ClientConnections implements ChannelFactory<Channel> {
  private final EventLoops loops;
  private volatile Optional<LivenessOptions> liveness = Optional.empty();
  private volatile LivenessMeters meters = LivenessMeters.NONE;

  ClientConnections(EventLoops loops) {
    this.loops = loops;
  }

  /** From now on new connections are watched. */
  void watch(LivenessOptions options, LivenessMeters into) {
    meters = into;
    liveness = Optional.of(options);
  }

  @Override
  public Channel newChannel() {
    Channel channel = loops.newClientChannel();
    liveness.ifPresent(
        options ->
            channel
                .pipeline()
                .addFirst(
                    new LivenessHandler(
                        options, ClientConnections::observerOf, meters, Role.CLIENT)));
    return channel;
  }

  /** Who in the balancer has opened this connection; nobody when it is not one of a pair. */
  static ConnectionObserver observerOf(ChannelHandlerContext ctx) {
    GrpcHttp2ConnectionHandler grpc = ctx.pipeline().get(GrpcHttp2ConnectionHandler.class);
    Leg leg = grpc == null ? null : grpc.getEagAttributes().get(Leg.KEY);
    return leg == null ? ConnectionObserver.NONE : leg.observe();
  }

  @Override
  public String toString() {
    return "ClientConnections{" + liveness.map(Object::toString).orElse("unwatched") + "}";
  }
}
