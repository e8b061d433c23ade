package dev.holdfast.grpc;

import dev.holdfast.core.RegistryContext;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.ServerBuilder;
import io.grpc.ServerCredentials;
import io.grpc.ServerProvider;
import io.grpc.netty.NettyServerBuilder;
import java.util.List;
import java.util.Optional;

/**
 * A server provider that adds liveness to plain grpc-java servers. The jar on the class path is
 * enough for {@code ServerBuilder.forPort} and {@code Grpc.newServerBuilderForPort}. The same
 * setting as for {@link LivenessChannelProvider} switches it.
 */
public final class LivenessServerProvider extends ServerProvider {
  // Above grpc's own Netty (5).
  private static final int PRIORITY = 6;

  @Override
  protected boolean isAvailable() {
    return ZeroCodeSettings.isEnabled();
  }

  @Override
  protected int priority() {
    return PRIORITY;
  }

  @Override
  protected ServerBuilder<?> builderForPort(int port) {
    return watched(NettyServerBuilder.forPort(port));
  }

  @Override
  protected NewServerBuilderResult newServerBuilderForPort(
      int port, ServerCredentials credentials) {
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
