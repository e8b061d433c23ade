package dev.holdfast.control.internal.xds;

import dev.holdfast.control.xds.ResourceType;
import java.util.Map;
import java.util.Optional;

/**
 * A read-only view of a stream's subscription to one type, for status reports.
 *
 * @param all whether the stream subscribed to all resources of the type
 * @param resources by name, all that were subscribed to or sent
 * @param awaitingAck whether the last response was not answered yet
 * @param rejection the client's error message when it rejected the last response; empty when it did
 *     not
 */
public record SubscriptionView(
    ResourceType type,
    boolean all,
    Map<String, ClientResource> resources,
    boolean awaitingAck,
    Optional<String> rejection) {
  public SubscriptionView {
    resources = Map.copyOf(resources);
  }

  /** The state of a resource at a client. */
  public enum ClientResourceState {
    /** Asked for, and not answered: nothing is known of it yet. */
    REQUESTED,
    /** Asked for, and it does not exist. */
    ABSENT,
    /** Sent, and not answered yet. */
    SENT,
    /** The client has accepted the resource. */
    ACCEPTED,
    /** Sent in a response that was rejected. */
    REJECTED
  }

  /**
   * The state of a resource at a client, with its version.
   *
   * @param version the last one that was sent; "" when none was
   */
  public record ClientResource(ClientResourceState state, String version) {}
}
