package dev.holdfast.control.xds;

import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

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

  /** One with nothing in it: no service exists. */
  public static final XdsSnapshot EMPTY = of(List.of());

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
      byType.put(type, new HashMap<>());
    }
    for (XdsResource resource : resources) {
      Map<String, XdsResource> ofType = byType.getOrDefault(resource.type(), Map.of());
      if (ofType.put(resource.name(), resource) != null) {
        throw new IllegalArgumentException(
            "resources: "
                + resource.type().shortName()
                + " "
                + resource.name()
                + " twice (expected: each name once)");
      }
    }
    byType.replaceAll((type, ofType) -> Collections.unmodifiableMap(ofType));
    return new XdsSnapshot(byType, Set.copyOf(pendingServices));
  }

  /**
   * The same after a change of some services: the old resources of each are replaced by new ones. A
   * type of which nothing has changed keeps its map, the very object, so that a stream sees at once
   * that there is nothing to compare.
   *
   * @param changed for each changed service its resources before, and now
   */
  public XdsSnapshot with(Collection<Change> changed, Set<String> pendingServices) {
    Map<ResourceType, Map<String, XdsResource>> next = new EnumMap<>(byType);
    for (ResourceType type : ResourceType.values()) {
      Map<String, XdsResource> ofType = resources(type);
      @Nullable Map<String, XdsResource> copy = null;
      for (Change change : changed) {
        if (change.isAbout(type)) {
          copy = copy == null ? new HashMap<>(ofType) : copy;
          change.applyTo(type, copy);
        }
      }
      if (copy != null) {
        next.put(type, Collections.unmodifiableMap(copy));
      }
    }
    return new XdsSnapshot(next, Set.copyOf(pendingServices));
  }

  /**
   * What became of one service.
   *
   * @param before its resources until now
   * @param now its resources from now on; none when it is gone
   */
  public record Change(Collection<XdsResource> before, Collection<XdsResource> now) {
    /** Whether it changes anything of a type. */
    boolean isAbout(ResourceType type) {
      return !ofType(type, before).equals(ofType(type, now));
    }

    void applyTo(ResourceType type, Map<String, XdsResource> resources) {
      ofType(type, before).forEach(resource -> resources.remove(resource.name()));
      ofType(type, now).forEach(resource -> resources.put(resource.name(), resource));
    }

    private static Set<XdsResource> ofType(ResourceType type, Collection<XdsResource> resources) {
      return resources.stream()
          .filter(resource -> resource.type() == type)
          .collect(Collectors.toSet());
    }
  }

  /** All resources of a type by name, in no order. */
  public Map<String, XdsResource> resources(ResourceType type) {
    return byType.getOrDefault(type, Map.of());
  }

  /** One resource, if it exists. */
  public Optional<XdsResource> resource(ResourceType type, String name) {
    return Optional.ofNullable(resources(type).get(name));
  }

  /** Whether nothing has changed from another snapshot to this one, which was made of it. */
  public boolean isSameAs(XdsSnapshot before) {
    return pending.equals(before.pending)
        && Arrays.stream(ResourceType.values())
            .allMatch(type -> resources(type) == before.resources(type));
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
