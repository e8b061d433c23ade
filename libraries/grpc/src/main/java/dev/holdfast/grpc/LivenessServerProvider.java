package dev.holdfast.grpc;

import io.grpc.ServerBuilder;
import io.grpc.ServerCredentials;
import io.grpc.ServerProvider;

/**
 * A server provider that adds liveness to plain grpc-java servers. The jar on the class path is
 * enough for {@code ServerBuilder.forPort} and {@code Grpc.newServerBuilderForPort}. The same
 * settings as for {@link LivenessChannelProvider} switch it, and it needs grpc-netty as well.
 */
public final class LivenessServerProvider extends ServerProvider {
  // Above grpc's own Netty (5).
  private static final int PRIORITY = 6;

  @Override
  protected boolean isAvailable() {
    return ZeroCodeSettings.isAvailable();
  }

  @Override
  protected int priority() {
    return PRIORITY;
  }

  @Override
  protected ServerBuilder<?> builderForPort(int port) {
    return NettyLivenessServers.builderForPort(port);
  }

  @Override
  protected NewServerBuilderResult newServerBuilderForPort(
      int port, ServerCredentials credentials) {
    return NettyLivenessServers.newServerBuilderForPort(port, credentials);
  }
}
