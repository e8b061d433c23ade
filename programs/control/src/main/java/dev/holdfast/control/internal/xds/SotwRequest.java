package dev.holdfast.control.internal.xds;

import dev.holdfast.control.xds.ResourceType;
import java.util.List;
import java.util.Optional;

/**
 * A request of the state-of-the-world variant for one resource type.
 *
 * @param names all resources of the subscription; in the first request of a stream none means all,
 *     and {@code *} always does, where the type allows it
 * @param nonce of the last response that the client has seen; "" when it has seen none on this
 *     stream
 * @param error the reason for rejecting that response (NACK); empty when it is not rejected
 */
public record SotwRequest(
    ResourceType type, List<String> names, String nonce, Optional<String> error) {
  public SotwRequest {
    names = List.copyOf(names);
  }
}
