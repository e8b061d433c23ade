package dev.holdfast.grpc;

import io.grpc.ChannelCredentials;
import io.grpc.ManagedChannelBuilder;
import io.grpc.ManagedChannelProvider;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Collection;
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
 *
 * <p>Without grpc-netty on the class path, as where a program has grpc-netty-shaded alone, it is
 * not available: grpc-java's own providers make the channels, and a log line says so.
 */
public final class LivenessChannelProvider extends ManagedChannelProvider {
  // Above grpc's own Netty (5), and above its Unix domain sockets (3) which it doesn't offer.
  private static final int PRIORITY = 6;

  /** Of a type that refers to grpc-netty, so that this class can be loaded without it. */
  private static final class Netty {
    static final NettyLivenessChannels CHANNELS = new NettyLivenessChannels();
  }

  @Override
  protected boolean isAvailable() {
    return ZeroCodeSettings.isAvailable();
  }

  @Override
  protected int priority() {
    return PRIORITY;
  }

  @Override
  protected ManagedChannelBuilder<?> builderForAddress(String name, int port) {
    return Netty.CHANNELS.builderForAddress(name, port);
  }

  @Override
  protected ManagedChannelBuilder<?> builderForTarget(String target) {
    return Netty.CHANNELS.builderForTarget(target);
  }

  @Override
  protected NewChannelBuilderResult newChannelBuilder(
      String target, ChannelCredentials credentials) {
    return Netty.CHANNELS.newChannelBuilder(target, credentials);
  }

  @Override
  protected NewChannelBuilderResult newChannelBuilder(
      String target,
      ChannelCredentials credentials,
      NameResolverRegistry resolvers,
      NameResolverProvider resolver) {
    return Netty.CHANNELS.newChannelBuilder(target, credentials, resolvers, resolver);
  }

  @Override
  protected Collection<Class<? extends SocketAddress>> getSupportedSocketAddressTypes() {
    return Set.of(InetSocketAddress.class);
  }
}
