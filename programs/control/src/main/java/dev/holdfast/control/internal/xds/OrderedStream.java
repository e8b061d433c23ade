package dev.holdfast.control.internal.xds;

import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.core.annotation.PureCore;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;

/** The subscriptions of one stream, and which of them is answered next. */
@PureCore
abstract class OrderedStream<S extends XdsSubscription> implements XdsStream {
  private static final List<ResourceType> IN_ORDER = List.of(ResourceType.values());

  final Map<ResourceType, S> subscriptions = new EnumMap<>(ResourceType.class);

  OrderedStream(Function<ResourceType, S> make) {
    for (ResourceType type : ResourceType.values()) {
      subscriptions.put(type, make.apply(type));
    }
  }

  S of(ResourceType type) {
    return Objects.requireNonNull(subscriptions.get(type));
  }

  @Override
  public Optional<XdsResponse> poll(XdsSnapshot snapshot) {
    // What is new, before what refers to it.
    for (ResourceType type : order()) {
      if (isHeldBack(type)) {
        continue;
      }
      Optional<XdsResponse> reply = of(type).poll(snapshot, mayChange(type), mayShrinkAtOnce(type));
      if (reply.isPresent()) {
        return reply;
      }
    }
    if (!mayRemoveClusters(snapshot)) {
      return Optional.empty();
    }
    // What nothing refers to any more.
    return of(ResourceType.CLUSTER)
        .poll(snapshot, true, true)
        .or(() -> of(ResourceType.ENDPOINTS).poll(snapshot, true, true));
  }

  List<ResourceType> order() {
    return IN_ORDER;
  }

  /**
   * Whether responses of a type wait until the client has answered the clusters. A client that
   * subscribed to all clusters does not ask for those that a listener refers to. Listeners and
   * routes, even those that are owed, therefore wait.
   */
  boolean isHeldBack(ResourceType type) {
    S clusters = of(ResourceType.CLUSTER);
    return mayShrinkAtOnce(type) && clusters.all && clusters.isAwaitingAck();
  }

  /** Listeners and routes may refer to a cluster that is under way to the client. */
  boolean mayChange(ResourceType type) {
    return !mayShrinkAtOnce(type) || !of(ResourceType.CLUSTER).isAwaitingAck();
  }

  /** Clusters and endpoints may be in use by a listener or a route. */
  boolean mayShrinkAtOnce(ResourceType type) {
    return type == ResourceType.LISTENER || type == ResourceType.ROUTES;
  }

  /** Whether nothing that the client uses can refer to a cluster that is gone. */
  boolean mayRemoveClusters(XdsSnapshot snapshot) {
    return isInUse(ResourceType.LISTENER, snapshot) && isInUse(ResourceType.ROUTES, snapshot);
  }

  private boolean isInUse(ResourceType type, XdsSnapshot snapshot) {
    return of(type).isSettled() && of(type).isUpToDate(snapshot);
  }

  @Override
  public List<SubscriptionView> view() {
    return subscriptions.values().stream()
        .filter(subscription -> subscription.requested)
        .map(XdsSubscription::view)
        .toList();
  }
}
