package dev.holdfast.control.xds;

import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * All resources at one moment, and the services that are known to exist but of which nothing else
 * is known yet. Immutable.
 *
 * <p>What is not here does not exist, except for what belongs to a pending service: about that
 * nothing may be said.
 */
public final class XdsSnapshot {
  private final Map<ResourceType, Map<String, XdsResource>> byType;
  private final Set<String> pending;

  private XdsSnapshot(
      Map<ResourceType, Map<String, XdsResource>> byType, Set<String> pendingServices) {
    this.byType = byType;
    this.pending = pendingServices;
  }

  /** A complete one. */
  public static XdsSnapshot of(Collection<XdsResource> resources) {
    return of(resources, Set.of());
  }

  /**
   * One that says nothing of some services.
   *
   * @throws IllegalArgumentException when two resources of a type have one name
   */
  public static XdsSnapshot of(Collection<XdsResource> resources, Set<String> pendingServices) {
    Map<ResourceType, Map<String, XdsResource>> byType = new EnumMap<>(ResourceType.class);
    for (ResourceType type : ResourceType.values()) {
      byType.put(type, new TreeMap<>());
    }
    for (XdsResource resource : resources) {
      Map<String, XdsResource> ofType = byType.getOrDefault(resource.type(), Map.of());
      if (ofType.put(resource.name(), resource) != null) {
        throw new IllegalArgumentException(
            "resources: " + resource.type().shortName() + " " + resource.name()
                + " twice (expected: each name once)");
      }
    }
    byType.replaceAll((type, ofType) -> Collections.unmodifiableMap(ofType));
    return new XdsSnapshot(byType, Set.copyOf(pendingServices));
  }

  /** All resources of a type by name, sorted. */
  public Map<String, XdsResource> resources(ResourceType type) {
    return byType.getOrDefault(type, Map.of());
  }

  /** One resource, if it exists. */
  public Optional<XdsResource> resource(ResourceType type, String name) {
    return Optional.ofNullable(resources(type).get(name));
  }

  /** Services that exist and of which nothing else is known. */
  public Set<String> pendingServices() {
    return pending;
  }

  /** Whether nothing may be said of a resource yet, not even that it does not exist. */
  public boolean isPending(String resourceName) {
    return !pending.isEmpty() && pending.contains(XdsResource.serviceOf(resourceName));
  }
}
