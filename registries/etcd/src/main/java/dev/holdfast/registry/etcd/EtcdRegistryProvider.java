package dev.holdfast.registry.etcd;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryProvider;
import dev.holdfast.core.RegistryUri;
import java.util.List;

/** The provider of registries in etcd: {@code etcd://h1,h2,h3:2379/prod}. */
public final class EtcdRegistryProvider implements RegistryProvider {
  static final String SCHEME = "etcd";

  @Override
  public String scheme() {
    return SCHEME;
  }

  @Override
  public String example() {
    return "etcd://h1,h2,h3:2379/prod/orders";
  }

  @Override
  public List<UriParameter> uriParameters() {
    return EtcdOptions.PARAMETERS;
  }

  @Override
  public Registry open(RegistryUri uri, RegistryContext context) {
    return EtcdRegistry.open(uri, context);
  }
}
