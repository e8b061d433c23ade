package dev.holdfast.stork;

import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.discovery.Registries;
import io.smallrye.stork.api.ServiceDiscovery;
import io.smallrye.stork.api.config.ConfigWithType;
import io.smallrye.stork.api.config.ServiceConfig;
import io.smallrye.stork.spi.StorkInfrastructure;
import io.smallrye.stork.spi.internal.ServiceDiscoveryLoader;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The loader of service discovery of the type {@code holdfast}; found by ServiceLoader.
 *
 * <p>Its attributes are {@code registry} (HOLDFAST_REGISTRY by default), {@code service} (the name
 * in Stork by default) and {@code secure} (false by default).
 *
 * <p>Written by hand: the one that Stork's annotation processor generates is the same, and would
 * need the processor in every build of this library.
 */
public final class HoldfastServiceDiscoveryLoader implements ServiceDiscoveryLoader {
  /** The type in {@code stork.SERVICE.service-discovery.type}. */
  public static final String TYPE = "holdfast";

  private static final String REGISTRY = "registry";
  private static final String SERVICE = "service";
  private static final String SECURE = "secure";

  /** {@code type} is among the parameters of some configurations. */
  private static final Set<String> KNOWN = Set.of("type", REGISTRY, SERVICE, SECURE);

  private final Registries registries;

  /** For ServiceLoader: with the registries of the process. */
  public HoldfastServiceDiscoveryLoader() {
    this(Registries.shared());
  }

  HoldfastServiceDiscoveryLoader(Registries registries) {
    this.registries = registries;
  }

  @Override
  public String type() {
    return TYPE;
  }

  /**
   * @throws IllegalArgumentException naming the attribute and what was expected
   */
  @Override
  public ServiceDiscovery createServiceDiscovery(
      ConfigWithType config,
      String serviceName,
      ServiceConfig serviceConfig,
      StorkInfrastructure infrastructure) {
    Map<String, String> attributes = config.parameters();
    Set<String> unknown = new TreeSet<>(attributes.keySet());
    unknown.removeAll(KNOWN);
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "service-discovery."
              + String.join(", ", unknown)
              + " of "
              + serviceName
              + " (expected: registry, service or secure)");
    }
    String service = attributes.getOrDefault(SERVICE, serviceName);
    String registry = attributes.get(REGISTRY);
    ServiceTarget target =
        registry == null
            ? registries.resolveTarget(ServiceTarget.ENVIRONMENT_SCHEME + ":///" + service)
            : ServiceTarget.in(RegistryUri.parse(registry), ServiceName.parse(service));
    boolean secure = Boolean.parseBoolean(attributes.get(SECURE));
    return FollowedServiceDiscovery.of(
        target.service(), registries.open(target.registry()), secure, registries.context());
  }
}
