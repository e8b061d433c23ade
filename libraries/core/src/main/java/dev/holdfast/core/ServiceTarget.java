package dev.holdfast.core;

/**
 * A service in a registry: the registry's URI with the service as its last segment, such as {@code
 * etcd://h1,h2:2379/prod/orders:grpc?ttl=5s}.
 *
 * @param registry where to look, its namespace being that of the service
 * @param service what to look for, its namespace included
 */
public record ServiceTarget(RegistryUri registry, ServiceName service) {
  /** The scheme of targets that are looked up in the registry of the environment. */
  public static final String ENVIRONMENT_SCHEME = "holdfast";

  /** The variable that names the registry for {@code holdfast:///orders}. */
  public static final String REGISTRY_VARIABLE = "HOLDFAST_REGISTRY";

  /**
   * Parses a target of the form {@code scheme://authority/[namespace/]service[:port][?parameters]}.
   *
   * @throws IllegalArgumentException saying what is wrong and what was expected
   */
  public static ServiceTarget parse(String text) {
    RegistryUri uri = RegistryUri.parse(text);
    if (uri.namespace().isEmpty()) {
      throw new IllegalArgumentException(
          "target: \"" + uri + "\" (expected: a service, as in " + uri.scheme() + "://../orders)");
    }
    ServiceName service = ServiceName.parse(uri.namespace());
    return new ServiceTarget(uri.withNamespace(service.namespace()), service);
  }

  /** The service as it is found from a registry: inside the registry's namespace. */
  public static ServiceTarget in(RegistryUri registry, ServiceName service) {
    ServiceName inside = service.inside(registry.namespace());
    return new ServiceTarget(registry.withNamespace(inside.namespace()), inside);
  }

  @Override
  public String toString() {
    return registry.withNamespace(service.toString()).toString();
  }
}
