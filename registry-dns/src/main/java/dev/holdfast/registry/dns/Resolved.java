package dev.holdfast.registry.dns;

import dev.holdfast.core.Endpoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What one or several names led to.
 *
 * @param endpoints in no order, perhaps twice
 * @param ttl how long all of it may be kept
 */
record Resolved(List<Endpoint> endpoints, Duration ttl) {
  /** For what never changes. */
  static final Duration FOREVER = Duration.ofDays(1);

  static Resolved merge(List<Resolved> parts) {
    List<Endpoint> endpoints = new ArrayList<>();
    Duration ttl = FOREVER;
    for (Resolved part : parts) {
      endpoints.addAll(part.endpoints);
      ttl = part.ttl.compareTo(ttl) < 0 ? part.ttl : ttl;
    }
    return new Resolved(List.copyOf(endpoints), ttl);
  }
}
