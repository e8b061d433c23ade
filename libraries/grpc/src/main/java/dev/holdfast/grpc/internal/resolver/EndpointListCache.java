package dev.holdfast.grpc.internal.resolver;

import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.annotation.Limit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The last list of every target that a channel of this process followed.
 *
 * <p>A channel in idle mode closes its resolver, and the shared watch ends a while later. When
 * calls come back during an outage of the registry, this list is better than none. Thread-safe;
 * holds at most {@link #MAX_TARGETS}, the longest unused is forgotten first.
 */
final class EndpointListCache {
  @Limit(
      of = "targets whose list is remembered for idle channels",
      then = "the one unused longest is forgotten")
  static final int MAX_TARGETS = 1_000;

  private static final EndpointListCache SHARED = new EndpointListCache();

  private final Map<ResolvedTarget, EndpointSet> lists =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<ResolvedTarget, EndpointSet> eldest) {
          return size() > MAX_TARGETS;
        }
      };

  static EndpointListCache shared() {
    return SHARED;
  }

  synchronized void remember(ResolvedTarget target, EndpointSet endpoints) {
    lists.put(target, endpoints);
  }

  synchronized Optional<EndpointSet> recall(ResolvedTarget target) {
    return Optional.ofNullable(lists.get(target));
  }
}
