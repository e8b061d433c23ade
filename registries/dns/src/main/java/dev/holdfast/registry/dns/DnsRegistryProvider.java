package dev.holdfast.registry.dns;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryProvider;
import dev.holdfast.core.RegistryUri;
import java.util.List;

/**
 * The provider of registries that are the addresses of a name: {@code dns:///orders.example:50051},
 * or {@code dns://10.0.0.2/orders.example:50051} at a name server of choice.
 */
public final class DnsRegistryProvider implements RegistryProvider {

  @Override
  public String scheme() {
    return "dns";
  }

  @Override
  public String example() {
    return "dns:///orders.example:50051";
  }

  @Override
  public List<UriParameter> uriParameters() {
    return DnsOptions.addressParameters();
  }

  @Override
  public Registry open(RegistryUri uri, RegistryContext context) {
    return new DnsRegistry(uri, DnsOptions.of(uri), false, context);
  }
}
