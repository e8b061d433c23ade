package dev.holdfast.cli.demo.load;

import dev.holdfast.core.HostPort;
import io.grpc.EquivalentAddressGroup;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.NameResolver;
import io.grpc.NameResolverRegistry;
import io.grpc.netty.NettyChannelBuilder;
import java.net.URI;
import java.util.Collection;
import java.util.List;

/**
 * The stock client of the demo: plain grpc-java with round_robin over the addresses that were valid
 * at the start.
 */
public final class StaticResolverProvider extends StockResolverProvider {
  private static final String SCHEME = "holdfast-demo-fixed";

  private final List<EquivalentAddressGroup> addresses;

  private StaticResolverProvider(Collection<HostPort> addresses) {
    super(SCHEME);
    this.addresses = groups(addresses);
  }

  /** A stock channel that will never hear of another address. */
  public static ManagedChannel channelTo(Collection<HostPort> addresses) {
    NameResolverRegistry.getDefaultRegistry().register(new StaticResolverProvider(addresses));
    return NettyChannelBuilder.forTarget(SCHEME + ":///orders", InsecureChannelCredentials.create())
        .defaultLoadBalancingPolicy("round_robin")
        .build();
  }

  @Override
  public NameResolver newNameResolver(URI target, NameResolver.Args args) {
    return new NameResolver() {
      @Override
      public String getServiceAuthority() {
        return "orders";
      }

      @Override
      public void start(Listener2 listener) {
        publish(listener, addresses);
      }

      @Override
      public void shutdown() {}
    };
  }
}
