package dev.holdfast.control.internal.xds;

import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.control.xds.XdsResource;
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
 * A snapshot of all resources, and of the services of which only the existence is known. Immutable.
 *
 * <p>A resource that is not in the snapshot does not exist, unless it belongs to such a service:
 * then its existence is unknown.
 */
public final class XdsSnapshot {
  private final Map<ResourceType, Map<String, XdsResource>> byType;
  private final UnknownServices unknownServices;

  private XdsSnapshot(
      Map<ResourceType, Map<String, XdsResource>> byType, UnknownServices unknownServices) {
    this.byType = byType;
    this.unknownServices = unknownServices;
  }

  /**
   * The services of which only the existence is known.
   *
   * @param pending services that may become known at any moment: a client that asks for one of
   *     them, or for all services, waits
   * @param refused services with malformed records, which stay so until they are corrected: only a
   *     client that asks for nothing else waits
   */
  public record UnknownServices(Set<String> pending, Set<String> refused) {
    /** The empty set: no service is unknown. */
    public static final UnknownServices NONE = new UnknownServices(Set.of(), Set.of());

    public UnknownServices {
      pending = Set.copyOf(pending);
      refused = Set.copyOf(refused);
    }

    private boolean has(String service) {
      return pending.contains(service) || refused.contains(service);
    }
  }

  /** The empty snapshot: no service exists. */
  public static final XdsSnapshot EMPTY = of(List.of());

  /** A snapshot in which no service is unknown. */
  public static XdsSnapshot of(Collection<XdsResource> resources) {
    return of(resources, UnknownServices.NONE);
  }

  /**
   * A snapshot in which some services are unknown.
   *
   * @throws IllegalArgumentException when two resources of a type have one name
   */
  public static XdsSnapshot of(Collection<XdsResource> resources, UnknownServices unknownServices) {
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
    return new XdsSnapshot(byType, unknownServices);
  }

  /**
   * The same after a change of some services: the old resources of each are replaced by new ones. A
   * type of which nothing has changed keeps its map, the very object, so that a stream sees at once
   * that there is nothing to compare.
   *
   * @param changed for each changed service its resources before, and now
   */
  public XdsSnapshot with(Collection<ServiceChange> changed, UnknownServices nowUnknown) {
    Map<ResourceType, Map<String, XdsResource>> next = new EnumMap<>(byType);
    for (ResourceType type : ResourceType.values()) {
      Map<String, XdsResource> ofType = resources(type);
      @Nullable Map<String, XdsResource> copy = null;
      for (ServiceChange serviceChange : changed) {
        if (serviceChange.isAbout(type)) {
          copy = copy == null ? new HashMap<>(ofType) : copy;
          serviceChange.applyTo(type, copy);
        }
      }
      if (copy != null) {
        next.put(type, Collections.unmodifiableMap(copy));
      }
    }
    return new XdsSnapshot(next, nowUnknown);
  }

  /**
   * The change of one service between two snapshots.
   *
   * @param before its resources until now
   * @param now its resources from now on; none when the service was removed
   */
  public record ServiceChange(Collection<XdsResource> before, Collection<XdsResource> now) {
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

  /** The resource of a type by name; empty if it does not exist. */
  public Optional<XdsResource> resource(ResourceType type, String name) {
    return Optional.ofNullable(resources(type).get(name));
  }

  /** Whether nothing has changed from another snapshot to this one, which was made of it. */
  public boolean isSameAs(XdsSnapshot before) {
    return unknownServices.equals(before.unknownServices)
        && Arrays.stream(ResourceType.values())
            .allMatch(type -> resources(type) == before.resources(type));
  }

  /** Services that exist and of which nothing else is known. */
  public UnknownServices unknownServices() {
    return unknownServices;
  }

  /** Whether nothing may be said of a resource yet, not even that it does not exist. */
  public boolean isUnknown(String resourceName) {
    return unknownServices.has(XdsResource.serviceOf(resourceName));
  }

  /**
   * Whether a resource belongs to a pending service, so that its existence may be decided at any
   * moment.
   */
  boolean isPending(String resourceName) {
    return unknownServices.pending().contains(XdsResource.serviceOf(resourceName));
  }
}
