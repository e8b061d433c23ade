package dev.holdfast.bench.load;

import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.StatusOr;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A stock name resolver whose address list never changes. */
public final class StaticResolver extends NameResolverProvider {
  private static final int PRIORITY = 5;

  private final String scheme;
  private final List<EquivalentAddressGroup> addresses;

  public StaticResolver(String scheme, List<EquivalentAddressGroup> addresses) {
    this.scheme = scheme;
    this.addresses = addresses;
  }

  @Override
  protected boolean isAvailable() {
    return true;
  }

  @Override
  protected int priority() {
    return PRIORITY;
  }

  @Override
  public String getDefaultScheme() {
    return scheme;
  }

  @Override
  public @Nullable NameResolver newNameResolver(URI target, NameResolver.Args args) {
    if (!scheme.equals(target.getScheme())) {
      return null;
    }
    return new NameResolver() {
      @Override
      public String getServiceAuthority() {
        return "servers";
      }

      @Override
      public void start(Listener2 listener) {
        listener.onResult(
            ResolutionResult.newBuilder()
                .setAddressesOrError(StatusOr.fromValue(addresses))
                .build());
      }

      @Override
      public void shutdown() {}
    };
  }
}
