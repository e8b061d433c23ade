package dev.holdfast.control.resources;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the clients of all services are told beside their instances: a policy file as a value.
 *
 * @param services by name inside the namespace
 */
public record Policy(Map<String, ServicePolicy> services) {
  /** Names no service. */
  public static final Policy NONE = new Policy(Map.of());

  public Policy {
    services = Collections.unmodifiableMap(new TreeMap<>(services));
  }

  /** What holds for a service. */
  public ServicePolicy of(String service) {
    return services.getOrDefault(service, ServicePolicy.DEFAULT);
  }
}
