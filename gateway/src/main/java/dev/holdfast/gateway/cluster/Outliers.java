package dev.holdfast.gateway.cluster;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.Subscription;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The {@link OutlierPolicy} of one cluster, shared by all threads of a gateway: what one of them
 * meets, all of them know. Calls that succeed at an endpoint in good standing don't come here.
 */
final class Outliers {
  private final OutlierPolicy policy;
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

  Outliers(OutlierOptions options) {
    this.policy = new OutlierPolicy(options);
  }

  /** Hears, on any thread, that an endpoint was left out or let back. Must not block. */
  Subscription listen(Runnable listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  synchronized Standing of(Endpoint endpoint) {
    return policy.of(endpoint);
  }

  /** Before anybody else hears of the list. */
  synchronized void onList(EndpointSet list, long nowNanos) {
    var unused = policy.onList(list, nowNanos);
  }

  /** Whether health is checked from now on. */
  void onChecks(boolean on, long nowNanos) {
    synchronized (this) {
      var unused = policy.onChecks(on, nowNanos);
    }
    listeners.forEach(Runnable::run);
  }

  /** What the checks found of an endpoint. */
  void onHealth(Endpoint endpoint, Health health, String why, long nowNanos) {
    boolean changed;
    synchronized (this) {
      Optional<Standing> known = policy.known(endpoint.address());
      changed = known.isPresent() && known.get().health() != health;
      var unused = policy.onHealth(endpoint, health, why, nowNanos);
    }
    if (changed) {
      listeners.forEach(Runnable::run);
    }
  }

  /** What they found last; empty for an endpoint that is not listed. */
  synchronized Optional<CheckedHealth> health(HostPort endpoint, long nowNanos) {
    return policy.known(endpoint).map(standing -> standing.checked(nowNanos));
  }

  /** How many get no calls because of their health. */
  synchronized int unwell() {
    return policy.unwell();
  }

  /** A fault; what it led to is told to this caller only. */
  Optional<Ejection> onFault(Standing standing, EndpointFault fault, String cause, long nowNanos) {
    Optional<Ejection> ejection;
    synchronized (this) {
      ejection = policy.onFault(standing, fault, cause, nowNanos);
    }
    if (ejection.isPresent()) {
      listeners.forEach(Runnable::run);
    }
    return ejection;
  }

  /** An answer of one that was in doubt. */
  synchronized void onSuccess(Standing standing) {
    policy.onSuccess(standing);
  }

  /** Lets back those whose time is over; told to this caller only. */
  List<Standing> onTimeout(long nowNanos) {
    List<Standing> back;
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
