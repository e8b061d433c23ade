package dev.holdfast.grpc;

import dev.holdfast.core.RegistryContext;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.ServerBuilder;
import io.grpc.ServerCredentials;
import io.grpc.ServerProvider.NewServerBuilderResult;
import io.grpc.netty.NettyServerBuilder;
import java.util.List;
import java.util.Optional;

/**
 * The server builders of {@link LivenessServerProvider}, which are those of grpc-netty. Loaded only
 * where grpc-netty is on the class path.
 */
final class NettyLivenessServers {
  private NettyLivenessServers() {}

  static ServerBuilder<?> builderForPort(int port) {
    return watched(NettyServerBuilder.forPort(port));
  }

  static NewServerBuilderResult newServerBuilderForPort(int port, ServerCredentials credentials) {
    NettyServerBuilder builder;
    try {
      builder = NettyServerBuilder.forPort(port, credentials);
    } catch (IllegalArgumentException e) {
      // Credentials of another transport: the next provider may know them.
      return NewServerBuilderResult.error(String.valueOf(e.getMessage()));
    }
    return NewServerBuilderResult.serverBuilder(watched(builder));
  }

  private static ServerBuilder<?> watched(NettyServerBuilder builder) {
    Optional<LivenessOptions> path =
        ZeroCodeSettings.isLivenessEnabled()
            ? Optional.of(ZeroCodeSettings.options())
            : Optional.empty();
    path.ifPresent(
        options -> {
          ServerChannelFactory.of(builder)
              .watch(options, RegistryContext.system().meters(), List.of());
          ServerChannelFactory.permitPings(builder);
        });
    return StreamsSetting.streams().isEmpty() ? builder : new StreamingServerBuilder(builder, path);
  }
}
