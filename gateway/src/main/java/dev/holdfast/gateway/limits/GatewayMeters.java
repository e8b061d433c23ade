package dev.holdfast.gateway.limits;

import dev.holdfast.core.Subscription;
import dev.holdfast.gateway.traffic.Traffic;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

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

  /** A health check of a cluster's endpoint brought this. */
  public void healthChecked(String cluster, String result) {
    GatewayMeter.HEALTH_CHECKS.counter(registry, cluster, result).increment();
  }

  /** How many endpoints of a cluster are left out for their health; to be closed at the end. */
  public Subscription unhealthy(String cluster, Supplier<Number> count) {
    return GatewayMeter.UNHEALTHY.gauge(registry, count, cluster);
  }

  /** A connection to an endpoint came about; to be closed when it ends. */
  public Subscription connected(String cluster) {
    GatewayMeter.SUBCHANNEL_CONNECTED.counter(registry, cluster).increment();
    return GatewayMeter.SUBCHANNEL_OPEN.gauge(registry, () -> 1, cluster);
  }

  /** One did not. */
  public void connectFailed(String cluster) {
    GatewayMeter.SUBCHANNEL_FAILED.counter(registry, cluster).increment();
  }

  /** One ended that had come about. */
  public void disconnected(String cluster, String error) {
    GatewayMeter.SUBCHANNEL_DISCONNECTED.counter(registry, cluster, error).increment();
  }

  /** A connection was turned away whose client could not be believed. */
  public void proxyRefused(String reason) {
    GatewayMeter.PROXY_REFUSED.counter(registry, reason).increment();
  }

  /** A connection is passed through to a cluster; where its bytes are counted. */
  public SpliceBytes spliceOpened(String cluster) {
    GatewayMeter.L4_OPENED.counter(registry, cluster).increment();
    return new SpliceBytes(
        GatewayMeter.L4_BYTES.counter(registry, cluster, "sent"),
        GatewayMeter.L4_BYTES.counter(registry, cluster, "received"));
  }

  /**
   * One ended, or was turned away.
   *
   * @param cluster "" for none
   */
  public void spliceEnded(String cluster, String reason) {
    GatewayMeter.L4_ENDED
        .counter(registry, cluster.isEmpty() ? "none" : cluster, reason)
        .increment();
  }

  /** An attempt followed another. */
  public void retried() {
    retries.increment();
  }
}
