package dev.holdfast.cli.output;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The change detection between successive endpoint lists, with the time for which each replaced
 * state held.
 *
 * <p>Timestamps are nanoseconds of a monotonic clock. Not thread-safe.
 */
public final class EndpointChangeTracker {
  private final Map<HostPort, Long> sinceNanos = new LinkedHashMap<>();
  private @Nullable EndpointSet last;

  /**
   * A change with the age of the state that it replaced.
   *
   * @param change the change
   * @param heldFor how long the endpoint was in its previous state; empty when that is not known
   */
  public record AgedEndpointChange(EndpointChange change, Optional<Duration> heldFor) {}

  /**
   * The changes from the previous list to this one. Every endpoint of the first list is {@link
   * EndpointChange.EndpointChangeKind#PRESENT}.
   */
  public List<AgedEndpointChange> onEndpoints(EndpointSet next, long nowNanos) {
    List<AgedEndpointChange> agedEndpointChanges = new ArrayList<>();
    EndpointSet before = last;
    last = next;
    if (before == null) {
      next.endpoints()
          .forEach(
              e ->
                  agedEndpointChanges.add(
                      new AgedEndpointChange(EndpointChange.present(e), Optional.empty())));
      return agedEndpointChanges;
    }
    Map<HostPort, Endpoint> earlier = byAddress(before);
    Map<HostPort, Endpoint> later = byAddress(next);
    earlier.forEach(
        (address, endpoint) ->
            add(agedEndpointChanges, endpoint, later.get(address), address, nowNanos));
    later.forEach(
        (address, endpoint) -> {
          if (!earlier.containsKey(address)) {
            add(agedEndpointChanges, null, endpoint, address, nowNanos);
          }
        });
    return agedEndpointChanges;
  }

  private void add(
      List<AgedEndpointChange> agedEndpointChanges,
      @Nullable Endpoint before,
      @Nullable Endpoint after,
      HostPort address,
      long nowNanos) {
    List<EndpointChange> changes = EndpointChange.between(before, after);
    if (changes.isEmpty()) {
      return;
    }
    Long since = after == null ? sinceNanos.remove(address) : sinceNanos.put(address, nowNanos);
    Optional<Duration> heldFor =
        Optional.ofNullable(since).map(nanos -> Duration.ofNanos(nowNanos - nanos));
    changes.forEach(change -> agedEndpointChanges.add(new AgedEndpointChange(change, heldFor)));
  }

  private static Map<HostPort, Endpoint> byAddress(EndpointSet set) {
    Map<HostPort, Endpoint> map = new LinkedHashMap<>();
    set.endpoints().forEach(endpoint -> map.put(endpoint.address(), endpoint));
    return map;
  }
}
