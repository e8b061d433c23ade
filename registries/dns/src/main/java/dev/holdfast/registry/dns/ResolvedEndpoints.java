package dev.holdfast.registry.dns;

import dev.holdfast.core.Endpoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The endpoints that one or several names resolved to.
 *
 * @param endpoints in no order; duplicates are possible
 * @param ttl how long the result may be kept
 */
record ResolvedEndpoints(List<Endpoint> endpoints, Duration ttl) {
  /** The TTL of results that never change, such as literal addresses. */
  static final Duration FOREVER = Duration.ofDays(1);

  static ResolvedEndpoints merge(List<ResolvedEndpoints> parts) {
    List<Endpoint> endpoints = new ArrayList<>();
    Duration ttl = FOREVER;
    for (ResolvedEndpoints part : parts) {
      endpoints.addAll(part.endpoints);
      ttl = part.ttl.compareTo(ttl) < 0 ? part.ttl : ttl;
    }
    return new ResolvedEndpoints(List.copyOf(endpoints), ttl);
  }
}
