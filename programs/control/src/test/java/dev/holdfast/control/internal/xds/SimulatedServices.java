package dev.holdfast.control.internal.xds;

import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.control.xds.XdsResource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The services as they are, and what the control plane knows of them: all, nothing (it was just
 * started) or some of them.
 */
final class SimulatedServices {
  private static final List<ResourceType> WORST =
      List.of(ResourceType.CLUSTER, ResourceType.ENDPOINTS, ResourceType.LISTENER);
  private static final List<String> PARTS = List.of("a", "b", "c");

  private final SplittableRandom random;
  private final Map<String, List<XdsResource>> services = new TreeMap<>();
  private final Set<String> unknown = new HashSet<>();
  private final Set<String> refused = new HashSet<>();
  private long revision;
  private boolean started = true;
  private @Nullable XdsSnapshot snapshot;

  SimulatedServices(SplittableRandom random) {
    this.random = random;
  }

  /** What the control plane may say; null while it knows nothing. */
  @Nullable XdsSnapshot snapshot() {
    return snapshot;
  }

  boolean exists(ResourceType type, String name) {
    return services.getOrDefault(XdsResource.serviceOf(name), List.of()).stream()
        .anyMatch(r -> r.type() == type && r.name().equals(name));
  }

  /** The names of all resources of a type that there really are. */
  Set<String> names(ResourceType type) {
    Set<String> names = new HashSet<>();
    services.values().stream()
        .flatMap(List::stream)
        .filter(r -> r.type() == type)
        .forEach(r -> names.add(r.name()));
    return names;
  }

  boolean isPending(String name) {
    return unknown.contains(XdsResource.serviceOf(name));
  }

  /** Whether its service makes no sense to the registry at the moment. */
  boolean isRefused(String name) {
    return refused.contains(XdsResource.serviceOf(name));
  }

  /** A service appears, or gets other subsets, endpoints or routes. */
  void change(String service, boolean bad) {
    services.put(service, resources(service, bad));
    // What is learned of one that was pending is learned whole.
    forget(service);
    publish();
  }

  private void forget(String service) {
    unknown.remove(service);
    refused.remove(service);
  }

  /** Only its endpoints change. */
  void move(String service, boolean bad) {
    List<XdsResource> now = services.get(service);
    if (now == null || unknown.contains(service) || refused.contains(service)) {
      return;
    }
    List<XdsResource> next = new ArrayList<>();
    for (XdsResource resource : now) {
      boolean moves = resource.type() == ResourceType.ENDPOINTS;
      next.add(
          moves
              ? new Content(++revision, List.of(), bad).resource(resource.type(), resource.name())
              : resource);
    }
    services.put(service, next);
    publish();
  }

  void remove(String service) {
    services.remove(service);
    forget(service);
    publish();
  }

  /** The control plane starts again and knows nothing. */
  void restart() {
    started = false;
    snapshot = null;
    refused.clear();
    unknown.addAll(services.keySet());
  }

  /** It hears which services there are, of some everything, and of some what makes no sense. */
  void hearNames() {
    started = true;
    for (String service : new TreeSet<>(unknown)) {
      int heard = random.nextInt(6);
      if (heard < 3) {
        unknown.remove(service);
      }
      if (heard == 0) {
        refused.add(service);
      }
    }
    publish();
  }

  void hearAll() {
    started = true;
    unknown.clear();
    refused.clear();
    publish();
  }

  /** All that is bad is put right. */
  void repair() {
    for (String service : new TreeSet<>(services.keySet())) {
      boolean bad =
          services.getOrDefault(service, List.of()).stream().anyMatch(r -> Content.of(r).bad());
      if (bad) {
        services.put(service, resources(service, false));
      }
    }
    publish();
  }

  private List<XdsResource> resources(String service, boolean bad) {
    List<String> clusters = new ArrayList<>();
    for (String part : PARTS) {
      if (random.nextBoolean() || (part.equals("c") && clusters.isEmpty())) {
        clusters.add(service + "/" + part);
      }
    }
    ResourceType worst = WORST.get(random.nextInt(WORST.size()));
    List<XdsResource> made = new ArrayList<>();
    Map<String, XdsResource> before = new HashMap<>();
    services.getOrDefault(service, List.of()).forEach(r -> before.put(r.type() + r.name(), r));
    for (String cluster : clusters) {
      for (ResourceType type : List.of(ResourceType.CLUSTER, ResourceType.ENDPOINTS)) {
        XdsResource old = before.get(type + cluster);
        boolean keep = old != null && !Content.of(old).bad() && random.nextBoolean();
        made.add(
            keep
                ? old
                : new Content(++revision, List.of(), bad && type == worst).resource(type, cluster));
      }
    }
    Content listener = new Content(++revision, clusters, bad && worst == ResourceType.LISTENER);
    made.add(listener.resource(ResourceType.LISTENER, service));
    return made;
  }

  private void publish() {
    if (!started) {
      return;
    }
    List<XdsResource> all = new ArrayList<>();
    services.forEach(
        (service, resources) -> {
          if (!unknown.contains(service) && !refused.contains(service)) {
            all.addAll(resources);
          }
        });
    XdsSnapshot next = XdsSnapshot.of(all, new XdsSnapshot.UnknownServices(unknown, refused));
    snapshot = snapshot == null ? next : keepingWhatIsEqual(snapshot, next);
  }

  /** As the publisher makes them: a type without a change keeps its very map. */
  private static XdsSnapshot keepingWhatIsEqual(XdsSnapshot before, XdsSnapshot after) {
    List<XdsResource> old = new ArrayList<>();
    List<XdsResource> now = new ArrayList<>();
    for (ResourceType type : ResourceType.values()) {
      old.addAll(before.resources(type).values());
      now.addAll(after.resources(type).values());
    }
    return before.with(List.of(new XdsSnapshot.ServiceChange(old, now)), after.unknownServices());
  }
}
