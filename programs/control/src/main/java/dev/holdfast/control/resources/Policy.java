package dev.holdfast.control.resources;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * A policy file as a value: the traffic policy of each service, which clients get along with its
 * instances.
 *
 * @param services by name inside the namespace
 */
public record Policy(Map<String, ServicePolicy> services) {
  /** The empty policy, which names no service. */
  public static final Policy NONE = new Policy(Map.of());

  public Policy {
    services = Collections.unmodifiableMap(new TreeMap<>(services));
  }

  /** The policy of a service; {@link ServicePolicy#DEFAULT} if the file does not name it. */
  public ServicePolicy of(String service) {
    return services.getOrDefault(service, ServicePolicy.DEFAULT);
  }
}
