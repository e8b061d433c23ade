package dev.holdfast.registry.dns;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryProvider;
import dev.holdfast.core.RegistryUri;
import java.util.List;

/**
 * The provider of registries that are the SRV records of a name: {@code
 * srv:///_grpc._tcp.orders.example}. The records have their own ports and weights.
 */
public final class SrvRegistryProvider implements RegistryProvider {

  @Override
  public String scheme() {
    return "srv";
  }

  @Override
  public String example() {
    return "srv:///_grpc._tcp.orders.example";
  }

  @Override
  public List<UriParameter> uriParameters() {
    return DnsOptions.serviceParameters();
  }

  @Override
  public Registry open(RegistryUri uri, RegistryContext context) {
    return new DnsRegistry(uri, DnsOptions.of(uri), true, context);
  }
}
