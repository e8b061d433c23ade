package dev.holdfast.grpc;

import dev.holdfast.core.RegistryContext;
import dev.holdfast.hooks.StreamsProvider;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.ChannelCredentials;
import io.grpc.ManagedChannelBuilder;
import io.grpc.ManagedChannelProvider;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyChannelProvider;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;

/**
 * A channel provider that adds liveness to plain grpc-java channels. The jar on the class path is
 * enough for {@code ManagedChannelBuilder.forTarget}, {@code forAddress} and {@code
 * Grpc.newChannelBuilder}.
 *
 * <p>Only where HOLDFAST_PATH or {@code -Dholdfast.path} says something other than {@code off}; and
 * resumable streams where HOLDFAST_STREAMS or {@code -Dholdfast.streams} names them. Targets of a
 * registry are balanced by {@code holdfast} unless the program names a policy: with grpc-java's
 * default all calls of such a list would go to one instance. Everything else, other targets'
 * policies included, is as grpc-java has it. Found by ServiceLoader.
 */
public final class LivenessChannelProvider extends ManagedChannelProvider {
  // Above grpc's own Netty (5), and above its Unix domain sockets (3) which it doesn't offer.
  private static final int PRIORITY = 6;

  private static final String GRPC_DEFAULT_POLICY = "pick_first";

  // grpc marks this class as its own business; but copying it would miss what it learns later.
  private final NettyChannelProvider netty = new NettyChannelProvider();

  @Override
  protected boolean isAvailable() {
    return ZeroCodeSettings.isEnabled();
  }

  @Override
  protected int priority() {
    return PRIORITY;
  }

  @Override
  protected ManagedChannelBuilder<?> builderForAddress(String name, int port) {
    return watched(netty.builderForAddress(name, port), name);
  }

  @Override
  protected ManagedChannelBuilder<?> builderForTarget(String target) {
    return watched(netty.builderForTarget(target), target);
  }

  @Override
  protected NewChannelBuilderResult newChannelBuilder(
      String target, ChannelCredentials credentials) {
    return watched(netty.newChannelBuilder(target, credentials), target);
  }

  @Override
  protected NewChannelBuilderResult newChannelBuilder(
      String target,
      ChannelCredentials credentials,
      NameResolverRegistry resolvers,
      NameResolverProvider resolver) {
    return watched(netty.newChannelBuilder(target, credentials, resolvers, resolver), target);
  }

  @Override
  protected Collection<Class<? extends SocketAddress>> getSupportedSocketAddressTypes() {
    return Set.of(InetSocketAddress.class);
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
