package dev.holdfast.gateway.limits;

import dev.holdfast.core.Subscription;
import dev.holdfast.gateway.traffic.CallStatistics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The meters of refused connections, met limits, local replies, upstream connections and retries.
 * Thread-safe.
 */
public final class GatewayMeters {
  private final MeterRegistry registry;
  private final Map<MetLimit, Counter> limits = new EnumMap<>(MetLimit.class);
  private final Map<String, Counter> answers = new ConcurrentHashMap<>();
  private final Counter retries;
  private final ConnectionFaults faults;
  private final CallStatistics callStatistics = new CallStatistics();
  private @Nullable ResumeMeters resume;

  public GatewayMeters(MeterRegistry registry) {
    this.registry = registry;
    for (MetLimit limit : MetLimit.values()) {
      limits.put(limit, GatewayMeter.LIMITED.counter(registry, limit.tag()));
    }
    retries = GatewayMeter.RETRIED.counter(registry);
    faults = new ConnectionFaults(GatewayMeter.CONNECTION_FAULTS.counter(registry));
  }

  /** The call statistics of the gateway. */
  public CallStatistics callStatistics() {
    return callStatistics;
  }

  /** The counter of connections that ended with an internal error. */
  public ConnectionFaults faults() {
    return faults;
  }

  /** The meters of resumable streams, which are registered on the first use. */
  public synchronized ResumeMeters resume() {
    ResumeMeters known = resume;
    if (known == null) {
      known = new ResumeMeters(registry);
      resume = known;
    }
    return known;
  }

  /** Counts a limit that was met. */
  public void met(MetLimit limit) {
    Counter counter = limits.get(limit);
    if (counter != null) {
      counter.increment();
    }
  }

  /**
   * Counts a request that the gateway answered itself.
   *
   * @param status the status of the local reply
   */
  public void localReply(String status) {
    answers
        .computeIfAbsent(status, name -> GatewayMeter.LOCAL_REPLIES.counter(registry, name))
        .increment();
  }

  /** Counts an ejection of an endpoint. */
  public void ejected(String cluster, String reason) {
    GatewayMeter.EJECTED.counter(registry, cluster, reason).increment();
  }

  /** Counts the result of a health check. */
  public void healthChecked(String cluster, String result) {
    GatewayMeter.HEALTH_CHECKS.counter(registry, cluster, result).increment();
  }

  /**
   * Registers the gauge of a cluster's endpoints that get no calls because of their health. Close
   * it with the cluster's checks.
   */
  public Subscription unhealthy(String cluster, Supplier<Number> count) {
    return GatewayMeter.UNHEALTHY.gauge(registry, count, cluster);
  }

  /** Counts a new connection to an endpoint. Close the subscription when the connection ends. */
  public Subscription connected(String cluster) {
    GatewayMeter.SUBCHANNEL_CONNECTED.counter(registry, cluster).increment();
    return GatewayMeter.SUBCHANNEL_OPEN.gauge(registry, () -> 1, cluster);
  }

  /** Counts a failure to connect to an endpoint. */
  public void connectFailed(String cluster) {
    GatewayMeter.SUBCHANNEL_FAILED.counter(registry, cluster).increment();
  }

  /** Counts the end of an established connection to an endpoint. */
  public void disconnected(String cluster, String error) {
    GatewayMeter.SUBCHANNEL_DISCONNECTED.counter(registry, cluster, error).increment();
  }

  /** Counts a connection that was refused for its PROXY protocol header. */
  public void proxyRefused(String reason) {
    GatewayMeter.PROXY_REFUSED.counter(registry, reason).increment();
  }

  /**
   * Counts a connection that is passed through to a cluster, and returns the counters of its bytes.
   */
  public TcpProxyBytes tcpProxyOpened(String cluster) {
    GatewayMeter.L4_OPENED.counter(registry, cluster).increment();
    return new TcpProxyBytes(
        GatewayMeter.L4_BYTES.counter(registry, cluster, "sent"),
        GatewayMeter.L4_BYTES.counter(registry, cluster, "received"));
  }

  /**
   * Counts the end or refusal of a connection at layer 4.
   *
   * @param cluster "" for none
   */
  public void tcpProxyEnded(String cluster, String reason) {
    GatewayMeter.L4_ENDED
        .counter(registry, cluster.isEmpty() ? "none" : cluster, reason)
        .increment();
  }

  /** Counts a retry of a call. */
  public void retried() {
    retries.increment();
  }
}
