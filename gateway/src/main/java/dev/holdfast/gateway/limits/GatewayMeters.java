package dev.holdfast.gateway.limits;

import dev.holdfast.gateway.traffic.Traffic;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Counts what the gateway refused and answered itself. Thread-safe. */
public final class GatewayMeters {
  private final MeterRegistry registry;
  private final Map<MetLimit, Counter> limits = new EnumMap<>(MetLimit.class);
  private final Map<String, Counter> answers = new ConcurrentHashMap<>();
  private final Counter retries;
  private final ConnectionFaults faults;
  private final Traffic traffic = new Traffic();

  public GatewayMeters(MeterRegistry registry) {
    this.registry = registry;
    for (MetLimit limit : MetLimit.values()) {
      limits.put(limit, GatewayMeter.LIMITED.counter(registry, limit.tag()));
    }
    retries = GatewayMeter.RETRIED.counter(registry);
    faults = new ConnectionFaults(GatewayMeter.CONNECTION_FAULTS.counter(registry));
  }

  /** What the calls do. */
  public Traffic traffic() {
    return traffic;
  }

  /** Mistakes of its own. */
  public ConnectionFaults faults() {
    return faults;
  }

  /** A limit was met. */
  public void met(MetLimit limit) {
    Counter counter = limits.get(limit);
    if (counter != null) {
      counter.increment();
    }
  }

  /** The gateway answered a request itself. */
  public void answered(String status) {
    answers
        .computeIfAbsent(status, name -> GatewayMeter.ANSWERED.counter(registry, name))
        .increment();
  }

  /** An endpoint of a cluster was left out. */
  public void ejected(String cluster, String reason) {
    GatewayMeter.EJECTED.counter(registry, cluster, reason).increment();
  }

  /** A connection was turned away whose client could not be believed. */
  public void proxyRefused(String reason) {
    GatewayMeter.PROXY_REFUSED.counter(registry, reason).increment();
  }

  /** An attempt followed another. */
  public void retried() {
    retries.increment();
  }
}
