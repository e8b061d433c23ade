package dev.holdfast.cli.fleet;

import dev.holdfast.cli.output.AgeText;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointListState;
import dev.holdfast.core.EndpointSet;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * The list of a service that the registry itself has, beside the list in use.
 *
 * @param state how the list in use was judged
 * @param age since the registry last confirmed the list in use; empty while there is none
 * @param received the last list that it gave; empty before the first one
 */
public record RegistryList(
    EndpointListState state, Optional<Duration> age, Optional<EndpointSet> received) {
  /** The list before anything is known. */
  public static final RegistryList UNKNOWN =
      new RegistryList(EndpointListState.UNKNOWN, Optional.empty(), Optional.empty());

  /** The registry's word on an endpoint in use. */
  String of(Endpoint inUse) {
    if (received.isEmpty()) {
      return "not heard yet";
    }
    Optional<Endpoint> listed = received.get().at(inUse.address());
    if (listed.isEmpty()) {
      return "not listed, kept" + why();
    }
    String as = state(listed.get());
    return as.equals(state(inUse)) ? "listed" + why() : "listed as " + as + why();
  }

  /** The registry's word on a service of which no endpoint is in use. */
  String ofNone() {
    return received.isEmpty() ? "not heard yet" : "none listed" + why();
  }

  private String why() {
    return state == EndpointListState.FOLLOWING
        ? ""
        : ": "
            + state.name().toLowerCase(Locale.ROOT)
            + age.map(since -> " " + AgeText.of(since.toMillis())).orElse("");
  }

  private static String state(Endpoint endpoint) {
    if (endpoint.draining()) {
      return "draining";
    }
    return endpoint.ready() ? "eligible" : "unready";
  }
}
