package dev.holdfast.cli.demo.streams;

import dev.holdfast.cli.demo.load.StockResolverProvider;
import dev.holdfast.core.HostPort;
import io.grpc.EquivalentAddressGroup;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.NameResolver;
import io.grpc.NameResolverRegistry;
import io.grpc.SynchronizationContext;
import io.grpc.netty.NettyChannelBuilder;
import java.net.URI;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * A name resolver provider for stock grpc-java that learns at once which servers there are, as good
 * service discovery would. Its channels use round_robin and keepalive, and nothing of Holdfast.
 * Thread-safe.
 */
final class UpdatableResolverProvider extends StockResolverProvider {
  private static final String SCHEME = "holdfast-demo-moving";
  private static final long KEEPALIVE_SECONDS = 10;
  private static final long KEEPALIVE_TIMEOUT_SECONDS = 5;

  private final Map<NameResolver.Listener2, SynchronizationContext> listeners =
      new ConcurrentHashMap<>();
  private volatile List<EquivalentAddressGroup> addresses = List.of();

  UpdatableResolverProvider() {
    super(SCHEME);
    NameResolverRegistry.getDefaultRegistry().register(this);
  }

  /** A stock channel to whatever the list holds. */
  ManagedChannel channel() {
    return NettyChannelBuilder.forTarget(
            SCHEME + ":///devices", InsecureChannelCredentials.create())
        .defaultLoadBalancingPolicy("round_robin")
        .keepAliveTime(KEEPALIVE_SECONDS, TimeUnit.SECONDS)
        .keepAliveTimeout(KEEPALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
        .build();
  }

  /** These are the servers from now on. */
  void update(Collection<HostPort> servers) {
    List<EquivalentAddressGroup> changed = groups(servers);
    // An empty list would fail calls that had better wait.
    if (changed.isEmpty() || changed.equals(addresses)) {
      return;
    }
    addresses = changed;
    listeners.forEach((listener, context) -> context.execute(() -> publish(listener, addresses)));
  }

  @Override
  public NameResolver newNameResolver(URI target, NameResolver.Args args) {
    return new NameResolver() {
      private NameResolver.@org.jspecify.annotations.Nullable Listener2 mine;

      @Override
      public String getServiceAuthority() {
        return "devices";
      }

      @Override
      public void start(Listener2 listener) {
        mine = listener;
        listeners.put(listener, args.getSynchronizationContext());
        if (!addresses.isEmpty()) {
          publish(listener, addresses);
        }
      }

      @Override
      public void shutdown() {
        if (mine != null) {
          listeners.remove(mine);
        }
      }
    };
  }
}
