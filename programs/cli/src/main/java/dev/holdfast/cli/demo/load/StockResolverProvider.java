package dev.holdfast.cli.demo.load;

import dev.holdfast.core.HostPort;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.StatusOr;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * A base class of name resolver providers for stock grpc-java, each with a URI scheme of its own.
 */
public abstract class StockResolverProvider extends NameResolverProvider {
  private static final int USUAL_PRIORITY = 5;

  private final String scheme;

  public StockResolverProvider(String scheme) {
    this.scheme = scheme;
  }

  public static List<EquivalentAddressGroup> groups(Collection<HostPort> addresses) {
    return addresses.stream()
        .map(a -> new EquivalentAddressGroup(new InetSocketAddress(a.host(), a.port())))
        .toList();
  }

  public static void publish(
      NameResolver.Listener2 listener, List<EquivalentAddressGroup> addresses) {
    var unused =
        listener.onResult2(
            NameResolver.ResolutionResult.newBuilder()
                .setAddressesOrError(StatusOr.fromValue(addresses))
                .build());
  }

  @Override
  public final String getDefaultScheme() {
    return scheme;
  }

  @Override
  public final Collection<Class<? extends SocketAddress>> getProducedSocketAddressTypes() {
    return Set.of(InetSocketAddress.class);
  }

  @Override
  protected final boolean isAvailable() {
    return true;
  }

  @Override
  protected final int priority() {
    return USUAL_PRIORITY;
  }
}
