package dev.holdfast.gateway.cluster;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.Subscription;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The {@link OutlierPolicy} of one cluster, shared by all event loops. Thread-safe. Calls that
 * succeed at a healthy endpoint do not reach it.
 */
final class OutlierDetector {
  private final OutlierPolicy policy;
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

  OutlierDetector(OutlierOptions options) {
    this.policy = new OutlierPolicy(options);
  }

  /**
   * Subscribes to endpoints being left out or let back. The listener is called on any thread and
   * must not block.
   */
  Subscription listen(Runnable listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  synchronized EndpointHealth of(Endpoint endpoint) {
    return policy.of(endpoint);
  }

  /** Applies a new list; must precede the cluster's other listeners. */
  synchronized void onList(EndpointSet list, long nowNanos) {
    var unused = policy.onList(list, nowNanos);
  }

  /** Switches the effect of active health checks on or off. */
  void onChecks(boolean on, long nowNanos) {
    synchronized (this) {
      var unused = policy.onChecks(on, nowNanos);
    }
    listeners.forEach(Runnable::run);
  }

  /** Applies a health check result. */
  void onHealth(
      Endpoint endpoint, EndpointHealthStatus endpointHealthStatus, String why, long nowNanos) {
    boolean changed;
    synchronized (this) {
      Optional<EndpointHealth> known = policy.known(endpoint.address());
      changed = known.isPresent() && known.get().endpointHealthStatus() != endpointHealthStatus;
      var unused = policy.onHealth(endpoint, endpointHealthStatus, why, nowNanos);
    }
    if (changed) {
      listeners.forEach(Runnable::run);
    }
  }

  /** The last health check result; empty for an endpoint that is not listed. */
  synchronized Optional<HealthCheckResult> health(HostPort endpoint, long nowNanos) {
    return policy.known(endpoint).map(endpointHealth -> endpointHealth.checked(nowNanos));
  }

  /** The number of endpoints that get no calls because of their health. */
  synchronized int unhealthyCount() {
    return policy.unhealthyCount();
  }

  /**
   * Records a fault of an endpoint.
   *
   * @return the ejection that follows, if any; reported to this caller only
   */
  Optional<Ejection> onFault(
      EndpointHealth endpointHealth, EndpointFault fault, String cause, long nowNanos) {
    Optional<Ejection> ejection;
    synchronized (this) {
      ejection = policy.onFault(endpointHealth, fault, cause, nowNanos);
    }
    if (ejection.isPresent()) {
      listeners.forEach(Runnable::run);
    }
    return ejection;
  }

  /** Records a response of an endpoint with faults or on probation. */
  synchronized void onSuccess(EndpointHealth endpointHealth) {
    policy.onSuccess(endpointHealth);
  }

  /** Ends the ejections whose time is over, and returns their endpoints, to this caller only. */
  List<EndpointHealth> onTimeout(long nowNanos) {
    List<EndpointHealth> back;
    synchronized (this) {
      back = policy.onTimeout(nowNanos);
    }
    if (!back.isEmpty()) {
      listeners.forEach(Runnable::run);
    }
    return back;
  }

  synchronized long nanosToDeadline(long nowNanos) {
    return policy.nanosToDeadline(nowNanos);
  }
}
