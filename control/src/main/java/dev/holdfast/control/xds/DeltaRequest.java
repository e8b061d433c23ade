package dev.holdfast.control.xds;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a client of the incremental variant says about one type.
 *
 * @param subscribe resources that it wants as well from now on; {@code *} means all
 * @param unsubscribe resources that it wants no more
 * @param has versions of the resources that it kept from an earlier stream; in the first request of
 *     a type only
 * @param nonce of the response that it answers; "" when it answers none
 * @param error why it rejects that response; empty when it does not
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
