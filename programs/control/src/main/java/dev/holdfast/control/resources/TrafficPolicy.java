package dev.holdfast.control.resources;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The distribution of calls over the instances of a service: subsets, split and routes.
 *
 * @param subsets by name, the metadata that an instance in it has, each key with this value
 * @param split how calls are divided that take no route
 * @param routes in the order in which they are tried
 */
public record TrafficPolicy(
    Map<String, Map<String, String>> subsets, TrafficSplit split, List<PolicyRoute> routes) {
  /** All calls to all instances. */
  public static final TrafficPolicy TO_ALL =
      new TrafficPolicy(Map.of(), TrafficSplit.NONE, List.of());

  public TrafficPolicy {
    subsets = Collections.unmodifiableMap(new LinkedHashMap<>(subsets));
    routes = List.copyOf(routes);
  }
}
