package dev.holdfast.control.resources;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The meters of policies, accepted and refused, and of endpoints that clients can't use.
 * Thread-safe.
 */
public final class PolicyMeters {
  private static final Logger log = LoggerFactory.getLogger(PolicyMeters.class);
  private static final int SHOWN = 10;

  private final MeterRegistry meters;
  // By service; as many as a control plane serves.
  private final Map<String, Set<HostPort>> unservable = new ConcurrentHashMap<>();

  /** Creates meters in the given registry. */
  public PolicyMeters(MeterRegistry meters) {
    this.meters = meters;
  }

  void policy(boolean accepted) {
    (accepted ? ResourceMeter.POLICIES_ACCEPTED : ResourceMeter.POLICIES_REFUSED)
        .counter(meters)
        .increment();
  }

  /** Logs and counts each endpoint that clients can't use, once. */
  void unservable(String service, List<Endpoint> endpoints) {
    Set<HostPort> now = endpoints.stream().map(Endpoint::address).collect(Collectors.toSet());
    Set<HostPort> before =
        now.isEmpty() ? unservable.remove(service) : unservable.put(service, now);
    Set<HostPort> added = new HashSet<>(now);
    if (before != null) {
      added.removeAll(before);
    }
    if (!added.isEmpty()) {
      ResourceMeter.ENDPOINTS_UNSERVABLE.counter(meters).increment(added.size());
      log.warn(
          "event=endpoints_not_served service={} count={} first={} (expected: IP addresses, which"
              + " is all that clients of xDS take)",
          service,
          now.size(),
          added.stream().limit(SHOWN).toList());
    }
  }
}
