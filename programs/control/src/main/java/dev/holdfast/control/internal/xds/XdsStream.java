package dev.holdfast.control.internal.xds;

import java.util.List;
import java.util.Optional;

/**
 * The state machine of one xDS stream: its subscriptions, and the responses that are due.
 *
 * <p>Responses are not queued. {@link #poll} compares the resources sent to the client with the
 * current snapshot, so a client that does not read costs nothing and gets the latest state when it
 * does. A stream polls only while its transport is ready (backpressure).
 *
 * <p>Both variants guarantee:
 *
 * <ul>
 *   <li>Each subscription is answered once, whatever else is in progress.
 *   <li>A change is sent after the response before it was answered. A rejected response is not sent
 *       again until one of its resources changes.
 *   <li>Resources of a pending service are never mentioned. Where absence means deletion, no
 *       response is sent until all subscribed resources are known.
 *   <li>Make-before-break: clusters, endpoints, listeners, routes. A resource that refers to a new
 *       one waits until the new one was answered. A cluster is removed only after the resources
 *       that referred to it were changed, and the change was accepted. In the state-of-the-world
 *       variant, a cluster also stays while the client names it, as gRPC clients do while calls to
 *       it are in progress.
 * </ul>
 *
 * <p>Not thread-safe.
 */
public interface XdsStream {
  /** Stands for all resources of a type, where the type allows it. */
  String ALL = "*";

  /** The next response that is owed now; empty when there is none. */
  Optional<XdsResponse> poll(XdsSnapshot snapshot);

  /** The state of each resource type that the client has subscribed to. */
  List<SubscriptionView> view();
}
