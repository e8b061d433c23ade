package dev.holdfast.control.internal.xds;

import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.control.xds.XdsResource;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A client as the libraries are: it follows references, keeps what it has over a new stream, takes
 * what is good of a response and rejects the rest with words.
 *
 * <p>One that wants everything (an Envoy) gets all listeners and clusters; one that wants services
 * (gRPC) asks for listeners by name, and for the clusters that those refer to, or referred to when
 * the calls began that are still on their way.
 */
final class ModelClient {
  final String name;
  final boolean everything;
  private final boolean hasCalls;
  private final Set<String> calledStill = new TreeSet<>();
  final Set<String> services = new TreeSet<>();
  private final Map<ResourceType, Map<String, XdsResource>> has = new EnumMap<>(ResourceType.class);

  // Of one stream.
  private final Map<ResourceType, XdsVariantClient.WantedResources> said =
      new EnumMap<>(ResourceType.class);
  private final Map<ResourceType, String> nonces = new EnumMap<>(ResourceType.class);
  private final Map<ResourceType, Set<String>> waiting = new EnumMap<>(ResourceType.class);
  private final Set<ResourceType> heard = EnumSet.noneOf(ResourceType.class);
  private final Set<String> rejectedClusters = new HashSet<>();
  private boolean rejectedSeveral;
  private java.util.function.Consumer<XdsVariantClient.ClientRequest> link = clientRequest -> {};

  /**
   * @param hasCalls whether it asks for clusters until its calls to them are over
   */
  ModelClient(String name, boolean everything, boolean hasCalls) {
    this.name = name;
    this.everything = everything;
    this.hasCalls = hasCalls;
    for (ResourceType type : ResourceType.values()) {
      has.put(type, new HashMap<>());
      waiting.put(type, new HashSet<>());
    }
  }

  /** A new stream: all that it wants is asked for again. */
  void connect(java.util.function.Consumer<XdsVariantClient.ClientRequest> to) {
    link = to;
    said.clear();
    nonces.clear();
    heard.clear();
    rejectedClusters.clear();
    rejectedSeveral = false;
    waiting.values().forEach(Set::clear);
    ask();
  }

  void want(String service) {
    services.add(service);
    ask();
  }

  /** What is not wanted any more is forgotten at once. */
  void drop(String service) {
    services.remove(service);
    if (!everything) {
      Set<String> before = referred();
      of(ResourceType.LISTENER).remove(service);
      goOnCalling(before);
    }
    ask();
  }

  /**
   * The calls to clusters that nothing refers to any more are over.
   *
   * @return whether there were any
   */
  boolean endCalls() {
    boolean some = !calledStill.isEmpty();
    calledStill.clear();
    ask();
    return some;
  }

  private void goOnCalling(Set<String> before) {
    if (hasCalls) {
      calledStill.addAll(before);
      calledStill.removeAll(referred());
      calledStill.retainAll(of(ResourceType.CLUSTER).keySet());
    }
  }

  void onReply(XdsResponse reply, boolean absenceIsDeletion) {
    ResourceType type = reply.type();
    Map<String, XdsResource> mine = of(type);
    XdsVariantClient.WantedResources wantedResources = wish(type);
    Set<String> referredBefore = referred();
    StringBuilder bad = new StringBuilder();
    Set<String> present = new HashSet<>();
    for (XdsResource resource : reply.resources()) {
      present.add(resource.name());
      if (Content.of(resource).bad()) {
        bad.append(resource.name()).append(' ');
        if (type == ResourceType.CLUSTER) {
          rejectedClusters.add(resource.name());
        }
      } else if (wantedResources.all() || wantedResources.names().contains(resource.name())) {
        mine.put(resource.name(), resource);
      }
    }
    Set<String> gone = new TreeSet<>(reply.removed());
    if (absenceIsDeletion) {
      gone.addAll(mine.keySet());
      gone.removeAll(present);
    }
    gone.retainAll(mine.keySet());
    if (heard.contains(type) && type == ResourceType.CLUSTER) {
      gone.forEach(this::requireUnused);
    }
    mine.keySet().removeAll(gone);
    goOnCalling(referredBefore);
    waitingFor(type)
        .removeIf(n -> absenceIsDeletion || present.contains(n) || reply.removed().contains(n));
    heard.add(type);
    if (type == ResourceType.LISTENER && everything) {
      reply.resources().forEach(this::requireClusters);
    }
    nonces.put(type, reply.nonce());
    rejectedSeveral |=
        !bad.isEmpty()
            && type == ResourceType.LISTENER
            && !absenceIsDeletion
            && reply.resources().size() > 1;
    say(type, bad.isEmpty() ? Optional.empty() : Optional.of("bad: " + bad.toString().strip()));
    ask();
  }

  private void requireUnused(String cluster) {
    Guarantee.XDS_MAKE_BEFORE_BREAK.require(
        !calledStill.contains(cluster),
        name + ": " + cluster + " is taken away while calls are on their way to it");
    for (XdsResource listener : of(ResourceType.LISTENER).values()) {
      Guarantee.XDS_MAKE_BEFORE_BREAK.require(
          !Content.of(listener).refersTo().contains(cluster),
          name + ": " + cluster + " is taken away while " + listener + " refers to it");
    }
  }

  private void requireClusters(XdsResource listener) {
    if (Content.of(listener).bad() || !heard.contains(ResourceType.CLUSTER)) {
      return;
    }
    for (String cluster : Content.of(listener).refersTo()) {
      Guarantee.XDS_MAKE_BEFORE_BREAK.require(
          of(ResourceType.CLUSTER).containsKey(cluster) || rejectedClusters.contains(cluster),
          name + ": " + listener + " refers to " + cluster + ", which was not sent before");
    }
  }

  /** Asks for what it wants and has not asked for, or no longer wants. */
  private void ask() {
    for (ResourceType type : ResourceType.values()) {
      XdsVariantClient.WantedResources before = said.get(type);
      XdsVariantClient.WantedResources now = wish(type);
      boolean silent = before == null && !now.all() && now.names().isEmpty();
      if (!silent && !now.equals(before)) {
        if (type != ResourceType.LISTENER) {
          of(type).keySet().removeIf(n -> !now.all() && !now.names().contains(n));
        }
        say(type, Optional.empty());
      }
    }
  }

  private void say(ResourceType type, Optional<String> error) {
    XdsVariantClient.WantedResources before =
        said.getOrDefault(type, XdsVariantClient.WantedResources.NOTHING);
    XdsVariantClient.WantedResources now = wish(type);
    boolean first = !said.containsKey(type);
    Map<String, String> versions = new HashMap<>();
    of(type).forEach((n, resource) -> versions.put(n, resource.version()));
    for (String n : now.names()) {
      if (!before.names().contains(n) && !(first && versions.containsKey(n))) {
        waitingFor(type).add(n);
      }
    }
    waitingFor(type).retainAll(now.names());
    said.put(type, now);
    link.accept(
        new XdsVariantClient.ClientRequest(
            type, before, now, versions, first, nonces.getOrDefault(type, ""), error));
  }

  XdsVariantClient.WantedResources wish(ResourceType type) {
    return switch (type) {
      case LISTENER ->
          new XdsVariantClient.WantedResources(
              everything, everything ? Set.of() : Set.copyOf(services));
      case CLUSTER ->
          new XdsVariantClient.WantedResources(everything, everything ? Set.of() : used());
      case ENDPOINTS ->
          new XdsVariantClient.WantedResources(
              false, everything ? Set.copyOf(of(ResourceType.CLUSTER).keySet()) : usedAndThere());
      case ROUTES -> XdsVariantClient.WantedResources.NOTHING;
    };
  }

  private Set<String> referred() {
    Set<String> clusters = new HashSet<>();
    of(ResourceType.LISTENER).values().forEach(l -> clusters.addAll(Content.of(l).refersTo()));
    return Set.copyOf(clusters);
  }

  private Set<String> used() {
    Set<String> clusters = new HashSet<>(referred());
    clusters.addAll(calledStill);
    return Set.copyOf(clusters);
  }

  private Set<String> usedAndThere() {
    Set<String> clusters = new HashSet<>(used());
    clusters.retainAll(of(ResourceType.CLUSTER).keySet());
    return Set.copyOf(clusters);
  }

  /** In the end it has what there is, of all that it wants, and waits for nothing. */
  void requireConverged(XdsSnapshot snapshot) {
    for (ResourceType type : ResourceType.values()) {
      XdsVariantClient.WantedResources wantedResources = wish(type);
      Map<String, XdsResource> all = snapshot.resources(type);
      Set<String> wanted = wantedResources.all() ? all.keySet() : wantedResources.names();
      Map<String, XdsResource> right = new HashMap<>();
      wanted.forEach(n -> Optional.ofNullable(all.get(n)).ifPresent(r -> right.put(n, r)));
      Map<String, XdsResource> mine = new HashMap<>(of(type));
      if (type == ResourceType.CLUSTER && rejectedSeveral) {
        // Nobody knows which of them was meant, so no cluster that one may refer to is taken away.
        mine.keySet().retainAll(right.keySet());
      }
      Guarantee.XDS_CONVERGES.require(
          (type == ResourceType.ENDPOINTS && rejectedSeveral) || right.equals(mine),
          name + " has " + of(type).values() + " (expected: " + right.values() + ")");
      Set<String> forgotten = new TreeSet<>(waitingFor(type));
      Guarantee.XDS_CONVERGES.require(
          forgotten.isEmpty(), name + " waits for ever for " + type + " " + forgotten);
    }
  }

  private Set<String> waitingFor(ResourceType type) {
    return Objects.requireNonNull(waiting.get(type));
  }

  private Map<String, XdsResource> of(ResourceType type) {
    return Objects.requireNonNull(has.get(type));
  }
}
