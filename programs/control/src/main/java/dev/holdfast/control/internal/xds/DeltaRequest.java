package dev.holdfast.control.internal.xds;

import dev.holdfast.control.xds.ResourceType;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A request of the incremental xDS variant for one resource type.
 *
 * @param subscribe resources to add to the subscription; {@code *} means all
 * @param unsubscribe resources to remove from the subscription
 * @param has versions of the resources that the client kept from an earlier stream; in the first
 *     request of a type only
 * @param nonce of the response that the request answers; "" when it answers none
 * @param error the reason for rejecting that response (NACK); empty when it is not rejected
 */
public record DeltaRequest(
    ResourceType type,
    List<String> subscribe,
    List<String> unsubscribe,
    Map<String, String> has,
    String nonce,
    Optional<String> error) {
  public DeltaRequest {
    subscribe = List.copyOf(subscribe);
    unsubscribe = List.copyOf(unsubscribe);
    has = Map.copyOf(has);
  }
}
