package dev.holdfast.control.xds;

import java.util.List;
import java.util.Optional;

/**
 * What a client of the state-of-the-world variant says about one type.
 *
 * @param names all resources that it wants from now on; in the first request of a stream none means
 *     all, and {@code *} always does, where the type allows it
 * @param nonce of the last response that it has seen; "" when it has seen none on this stream
 * @param error why it rejects that response; empty when it does not
 */
public record SotwRequest(
    ResourceType type, List<String> names, String nonce, Optional<String> error) {
  public SotwRequest {
    names = List.copyOf(names);
  }
}
