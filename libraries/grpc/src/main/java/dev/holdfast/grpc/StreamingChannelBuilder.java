package dev.holdfast.grpc;

import dev.holdfast.hooks.StreamsProvider;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.ForwardingChannelBuilder2;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.netty.NettyChannelBuilder;
import java.util.Optional;

/**
 * A plain builder whose channel knows its streams. They stand below the program's interceptors,
 * which see messages as ever.
 */
final class StreamingChannelBuilder extends ForwardingChannelBuilder2<StreamingChannelBuilder> {
  private final NettyChannelBuilder netty;
  private final ClientConnections connections;
  private final Optional<LivenessOptions> path;
  private final InboundLimit inboundLimit = new InboundLimit();

  StreamingChannelBuilder(
      NettyChannelBuilder netty,
      ClientConnections connections,
      Optional<LivenessOptions> path,
      StreamsProvider.Configured streams) {
    this.netty = netty;
    this.connections = connections;
    this.path = path;
    netty.intercept(streams.client());
  }

  @Override
  public StreamingChannelBuilder maxInboundMessageSize(int bytes) {
    inboundLimit.say(bytes);
    return super.maxInboundMessageSize(bytes);
  }

  @Override
  public ManagedChannel build() {
    OwnChannel own = new OwnChannel(path, inboundLimit.said(), connections.instances());
    netty.intercept(own);
    return own.host(netty.build());
  }

  @Override
  protected ManagedChannelBuilder<?> delegate() {
    return netty;
  }
}
