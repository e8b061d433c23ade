package dev.holdfast.control.xds;

import java.util.List;
import java.util.Optional;

/**
 * The state machine of one xDS stream: its subscriptions, and the responses that are due.
 *
 * <p>Nothing is queued: {@link #poll} compares what the client was given with what there is now, so
 * a client that does not read costs nothing and gets the latest state when it does. A stream asks
 * only while its transport takes more.
 *
 * <p>What both variants guarantee:
 *
 * <ul>
 *   <li>each subscription is answered once, whatever else is under way;
 *   <li>a change is sent when the response before it was answered; a response that was rejected is
 *       not sent again until one of its resources changes;
 *   <li>nothing is said of what belongs to a pending service, and where absence means deletion
 *       nothing at all until all that the stream asked for is known;
 *   <li>make before break: clusters, endpoints, listeners, routes; what refers to something new
 *       waits until that was answered, and a cluster is taken away only after what referred to it
 *       was changed, and the change accepted; by the state of the world not from who still asks for
 *       it by name, as clients of gRPC do while calls are on their way to it.
 * </ul>
 *
 * <p>Not thread-safe.
 */
public interface XdsStream {
  /** Stands for all resources of a type, where the type allows it. */
  String ALL = "*";

  /** The next response that is owed now; empty when there is none. */
  Optional<XdsReply> poll(XdsSnapshot snapshot);

  /** The state of each resource type that the client has subscribed to. */
  List<SubscriptionView> view();
}
