package dev.holdfast.grpc;

import dev.holdfast.core.RegistryContext;
import dev.holdfast.hooks.StreamsProvider;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.ChannelCredentials;
import io.grpc.ManagedChannelBuilder;
import io.grpc.ManagedChannelProvider.NewChannelBuilderResult;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyChannelProvider;
import java.util.Optional;

/**
 * The channel builders of {@link LivenessChannelProvider}, which are those of grpc-netty. Loaded
 * only where grpc-netty is on the class path.
 */
final class NettyLivenessChannels {
  private static final String GRPC_DEFAULT_POLICY = "pick_first";

  // grpc marks this class as its own business; but copying it would miss what it learns later.
  private final NettyChannelProvider netty = new NettyChannelProvider();

  ManagedChannelBuilder<?> builderForAddress(String name, int port) {
    return watched(netty.builderForAddress(name, port), name);
  }

  ManagedChannelBuilder<?> builderForTarget(String target) {
    return watched(netty.builderForTarget(target), target);
  }

  NewChannelBuilderResult newChannelBuilder(String target, ChannelCredentials credentials) {
    return watched(netty.newChannelBuilder(target, credentials), target);
  }

  NewChannelBuilderResult newChannelBuilder(
      String target,
      ChannelCredentials credentials,
      NameResolverRegistry resolvers,
      NameResolverProvider resolver) {
    return watched(netty.newChannelBuilder(target, credentials, resolvers, resolver), target);
  }

  private static NewChannelBuilderResult watched(NewChannelBuilderResult result, String target) {
    return result.getChannelBuilder() instanceof NettyChannelBuilder builder
        ? NewChannelBuilderResult.channelBuilder(watched(builder, target))
        : result;
  }

  private static ManagedChannelBuilder<?> watched(NettyChannelBuilder builder, String target) {
    ClientChannelFactory connections = ClientChannelFactory.of(builder);
    String policy = GRPC_DEFAULT_POLICY;
    if (ZeroCodeSettings.isRegistryTarget(target)) {
      policy = HoldfastLoadBalancerProvider.POLICY_NAME;
      builder.defaultLoadBalancingPolicy(policy);
    }
    String named = policy;
    Optional<LivenessOptions> path =
        ZeroCodeSettings.isLivenessEnabled()
            ? Optional.of(ZeroCodeSettings.options())
            : Optional.empty();
    path.ifPresent(
        options ->
            connections.watch(
                builder,
                options,
                ZeroCodeSettings.serviceIn(target),
                RegistryContext.system().meters(),
                named));
    Optional<StreamsProvider.StreamsConfiguration> streams = StreamsSetting.streams();
    return streams.isEmpty()
        ? builder
        : new StreamingChannelBuilder(builder, connections, path, streams.get());
  }
}
