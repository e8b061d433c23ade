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
  private final ClientChannelFactory connections;
  private final Optional<LivenessOptions> path;
  private final InboundLimit inboundMessageLimit = InboundLimit.ofMessages();

  StreamingChannelBuilder(
      NettyChannelBuilder netty,
      ClientChannelFactory connections,
      Optional<LivenessOptions> path,
      StreamsProvider.StreamsConfiguration streams) {
    this.netty = netty;
    this.connections = connections;
    this.path = path;
    netty.intercept(streams.client());
  }

  @Override
  public StreamingChannelBuilder maxInboundMessageSize(int bytes) {
    inboundMessageLimit.set(bytes);
    return super.maxInboundMessageSize(bytes);
  }

  @Override
  public ManagedChannel build() {
    HoldfastChannelHooks own =
        new HoldfastChannelHooks(path, inboundMessageLimit.limit(), connections.instances());
    netty.intercept(own);
    return own.host(netty.build());
  }

  @Override
  protected ManagedChannelBuilder<?> delegate() {
    return netty;
  }
}
