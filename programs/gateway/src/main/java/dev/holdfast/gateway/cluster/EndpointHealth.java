package dev.holdfast.gateway.cluster;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import org.jspecify.annotations.Nullable;

/**
 * The outlier detection record of one run of an endpoint, shared by all event loops. Changed by its
 * {@link OutlierPolicy} alone, under a lock; fields that are read without the lock are volatile.
 */
final class EndpointHealth {
  /** The ejection state of an endpoint. */
  public enum EjectionState {
    /** The endpoint gets its share of the calls. */
    GOOD,
    /** The endpoint gets no new calls until the ejection ends. */
    EJECTED,
    /** The endpoint gets calls again: a success makes it good, a fault ejects it for longer. */
    ON_PROBATION
  }

  final HostPort endpoint;
  final String address;
  final String instance;
  volatile long untilNanos;
  volatile String why = "";
  long returnedNanos;
  int ejections;
  boolean eligible;
  volatile int faults;
  volatile EjectionState state = EjectionState.GOOD;
  volatile HealthCheckResult found;
  volatile long foundNanos;

  /** Whether the endpoint gets no calls because of its health and that of the others. */
  volatile boolean excludedByHealth;

  // When the last faults were, as many as matter, in a ring.
  private long[] faultsNanos = {};
  private volatile boolean newcomer;
  private volatile long sinceNanos;

  EndpointHealth(Endpoint endpoint) {
    this.found = new HealthCheckResult(EndpointHealthStatus.UNCHECKED, "", 0, false);
    this.endpoint = endpoint.address();
    this.address = this.endpoint.toString();
    this.instance = endpoint.instance();
  }

  public EjectionState state() {
    return state;
  }

  boolean isEjected() {
    return state == EjectionState.EJECTED;
  }

  /** Whether the endpoint gets calls only if there is no other: it is ejected or unhealthy. */
  boolean isLeftOut() {
    return excludedByHealth || isEjected();
  }

  EndpointHealthStatus endpointHealthStatus() {
    return found.health();
  }

  /** The last health check result with its age. */
  HealthCheckResult checked(long nowNanos) {
    HealthCheckResult last = found;
    return new HealthCheckResult(
        last.health(), last.why(), nowNanos - foundNanos, excludedByHealth);
  }

  /**
   * Whether slow start applies: the endpoint joined after the cluster's first list, or returned
   * after it had been left out.
   */
  boolean isNewcomer() {
    return newcomer;
  }

  /** The reason and the rest of the ejection; null for none. */
  EndpointView.@Nullable EjectionView ejected(long nowNanos) {
    return isEjected()
        ? new EndpointView.EjectionView(why, Math.max(0, untilNanos - nowNanos))
        : null;
  }

  /** Whether a success would change the record; read for every call. */
  boolean isTroubled() {
    return faults > 0 || state == EjectionState.ON_PROBATION;
  }

  /**
   * Counts one more consecutive fault, and remembers its time.
   *
   * @param kept the number of times that are remembered
   * @return the number of consecutive faults
   */
  int fault(long nowNanos, int kept) {
    if (faultsNanos.length != kept) {
      faultsNanos = new long[kept];
    }
    faultsNanos[faults % kept] = nowNanos;
    int inARow = faults + 1;
    faults = inARow;
    return inARow;
  }

  /** The time of the n-th last consecutive fault, in nanoseconds; n counts from 1. */
  long faultNanos(int last) {
    return faultsNanos[(faults - last) % faultsNanos.length];
  }

  /** Begins slow start, for an endpoint that joined or returned. */
  void beginAnew(long nowNanos) {
    sinceNanos = nowNanos;
    newcomer = true;
  }

  /**
   * The time since slow start began, in nanoseconds; {@link Long#MAX_VALUE} for an endpoint without
   * slow start.
   */
  long ageNanos(long nowNanos) {
    return newcomer ? nowNanos - sinceNanos : Long.MAX_VALUE;
  }
}
