package dev.holdfast.gateway.cluster;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The outlier detection of a cluster: which endpoints get no calls because of faults or health. Not
 * thread-safe.
 *
 * <pre>
 * GOOD --faults in a row within a window--> EJECTED --its time is over--> ON_PROBATION
 * ON_PROBATION --success--> GOOD
 * ON_PROBATION --fault--> EJECTED, for twice as long
 * EJECTED --too many are, since others left the list--> ON_PROBATION
 * </pre>
 *
 * <p>An endpoint that reports {@link EndpointHealthStatus#NOT_SERVING} is always left out.
 * Endpoints with an unknown status ({@link EndpointHealthStatus#PENDING}, {@link
 * EndpointHealthStatus#FAILING}) are left out while they and the ejected ones together are at most
 * as many as may be ejected. Beyond that, the checks themselves are in doubt.
 *
 * <p>A restart at the same address, which a new instance identifies, begins with a clean record.
 */
@PureCore
class OutlierPolicy {
  private static final int EJECTION_DOUBLINGS = 20;

  final OutlierOptions options;
  private final Map<HostPort, EndpointHealth> endpointHealths = new HashMap<>();
  private boolean listed;
  private boolean checked;
  private int ejected;
  private int eligible;

  OutlierPolicy(OutlierOptions options) {
    this.options = options;
  }

  /** The record of an endpoint; created if it has none. */
  EndpointHealth of(Endpoint endpoint) {
    return endpointHealths.computeIfAbsent(
        endpoint.address(), address -> new EndpointHealth(endpoint));
  }

  /** The record of an endpoint; empty for one that has none. */
  Optional<EndpointHealth> known(HostPort endpoint) {
    return Optional.ofNullable(endpointHealths.get(endpoint));
  }

  /** The number of endpoints that get no calls because of their health. */
  int unhealthyCount() {
    return (int) endpointHealths.values().stream().filter(each -> each.excludedByHealth).count();
  }

  /**
   * Applies a new list. New endpoints begin slow start, except in the first list with any
   * endpoints.
   *
   * @return the endpoints whose ejection ends because too many would be ejected
   */
  List<EndpointHealth> onList(EndpointSet list, long nowNanos) {
    endpointHealths.values().removeIf(endpointHealth -> !list.contains(endpointHealth.endpoint));
    for (Endpoint endpoint : list.endpoints()) {
      EndpointHealth endpointHealth = endpointHealths.get(endpoint.address());
      if (endpointHealth == null || isRestart(endpointHealth, endpoint)) {
        endpointHealth = new EndpointHealth(endpoint);
        endpointHealths.put(endpoint.address(), endpointHealth);
        if (listed) {
          endpointHealth.beginAnew(nowNanos);
        }
      }
      if (checked && endpointHealth.endpointHealthStatus() == EndpointHealthStatus.UNCHECKED) {
        find(endpointHealth, EndpointHealthStatus.PENDING, "", nowNanos);
      }
      endpointHealth.eligible = endpoint.isEligible();
    }
    listed |= !list.isEmpty();
    return settle(nowNanos);
  }

  /**
   * Switches the effect of active health checks on or off.
   *
   * @return the endpoints whose ejection ends because too many would be ejected
   */
  List<EndpointHealth> onChecks(boolean on, long nowNanos) {
    checked = on;
    for (EndpointHealth endpointHealth : endpointHealths.values()) {
      if (!on || endpointHealth.endpointHealthStatus() == EndpointHealthStatus.UNCHECKED) {
        find(
            endpointHealth,
            on ? EndpointHealthStatus.PENDING : EndpointHealthStatus.UNCHECKED,
            "",
            nowNanos);
      }
    }
    return settle(nowNanos);
  }

  /**
   * Applies a health check result of a listed endpoint. A result for another run of the endpoint is
   * ignored.
   *
   * @return the endpoints whose ejection ends because too many would be ejected
   */
  List<EndpointHealth> onHealth(
      Endpoint endpoint, EndpointHealthStatus endpointHealthStatus, String why, long nowNanos) {
    EndpointHealth endpointHealth = endpointHealths.get(endpoint.address());
    if (!checked || endpointHealth == null || isRestart(endpointHealth, endpoint)) {
      return List.of();
    }
    EndpointHealthStatus before = endpointHealth.endpointHealthStatus();
    boolean wasOut = endpointHealth.excludedByHealth;
    if (before == endpointHealthStatus) {
      endpointHealth.found = new HealthCheckResult(endpointHealthStatus, why, 0, false);
      return List.of();
    }
    find(endpointHealth, endpointHealthStatus, why, nowNanos);
    List<EndpointHealth> back = settle(nowNanos);
    // Who was in the first list is no newcomer only because it was asked first.
    if (wasOut
        && !endpointHealth.excludedByHealth
        && (before != EndpointHealthStatus.PENDING || endpointHealth.isNewcomer())) {
      endpointHealth.beginAnew(nowNanos);
    }
    return back;
  }

  private static void find(
      EndpointHealth endpointHealth,
      EndpointHealthStatus endpointHealthStatus,
      String why,
      long nowNanos) {
    endpointHealth.found = new HealthCheckResult(endpointHealthStatus, why, 0, false);
    endpointHealth.foundNanos = nowNanos;
  }

  /** Counts again which endpoints are left out, and ends ejections beyond the limit. */
  private List<EndpointHealth> settle(long nowNanos) {
    ejected = 0;
    eligible = 0;
    int doubtful = 0;
    for (EndpointHealth endpointHealth : endpointHealths.values()) {
      if (counts(endpointHealth)) {
        eligible++;
        ejected += endpointHealth.isEjected() ? 1 : 0;
        doubtful +=
            !endpointHealth.isEjected() && endpointHealth.endpointHealthStatus().isDoubtful()
                ? 1
                : 0;
      }
    }
    List<EndpointHealth> back = new ArrayList<>();
    while (ejected > 0 && ejected > most(eligible)) {
      EndpointHealth first =
          endpointHealths.values().stream()
              .filter(endpointHealth -> counts(endpointHealth) && endpointHealth.isEjected())
              .min(Comparator.comparingLong(endpointHealth -> endpointHealth.untilNanos - nowNanos))
              .orElseThrow();
      giveBack(first, nowNanos);
      doubtful += first.endpointHealthStatus().isDoubtful() ? 1 : 0;
      back.add(first);
    }
    boolean believed = trustsHealthChecks(doubtful, ejected, eligible);
    for (EndpointHealth endpointHealth : endpointHealths.values()) {
      EndpointHealthStatus endpointHealthStatus = endpointHealth.endpointHealthStatus();
      endpointHealth.excludedByHealth =
          endpointHealthStatus == EndpointHealthStatus.NOT_SERVING
              || (believed && endpointHealthStatus.isDoubtful());
    }
    return back;
  }

  /** Whether an endpoint counts for the limit of ejections. */
  private static boolean counts(EndpointHealth endpointHealth) {
    return endpointHealth.eligible
        && endpointHealth.endpointHealthStatus() != EndpointHealthStatus.NOT_SERVING;
  }

  /** Whether endpoints with an unknown status are left out. */
  boolean trustsHealthChecks(int doubtful, int leftOut, int endpoints) {
    return doubtful + leftOut <= most(endpoints);
  }

  /**
   * Records a fault of an endpoint.
   *
   * @return the ejection that follows, if any
   */
  Optional<Ejection> onFault(
      EndpointHealth endpointHealth, EndpointFault fault, String cause, long nowNanos) {
    if (endpointHealth.isEjected()
        || endpointHealths.get(endpointHealth.endpoint) != endpointHealth) {
      return Optional.empty();
    }
    int faults = endpointHealth.fault(nowNanos, Math.max(1, options.faults()));
    int needed = faultsNeeded(endpointHealth);
    boolean bad =
        options.faults() > 0
            && faults >= needed
            && nowNanos - endpointHealth.faultNanos(needed) <= windowNanos();
    if (!bad || !counts(endpointHealth) || ejected >= most(eligible)) {
      return Optional.empty();
    }
    endpointHealth.why = fault.tag() + ": " + cause;
    Duration time = eject(endpointHealth, nowNanos);
    var unused = settle(nowNanos);
    return Optional.of(
        new Ejection(endpointHealth.address, fault, cause, faults, time, endpointHealth.ejections));
  }

  /** Records a response of any status. */
  void onSuccess(EndpointHealth endpointHealth) {
    endpointHealth.faults = 0;
    if (endpointHealth.state == EndpointHealth.EjectionState.ON_PROBATION) {
      endpointHealth.state = EndpointHealth.EjectionState.GOOD;
    }
  }

  /** Ends the ejections whose time is over, and returns their endpoints. */
  List<EndpointHealth> onTimeout(long nowNanos) {
    List<EndpointHealth> back = new ArrayList<>();
    for (EndpointHealth endpointHealth : endpointHealths.values()) {
      if (endpointHealth.isEjected() && nowNanos - endpointHealth.untilNanos >= 0) {
        giveBack(endpointHealth, nowNanos);
        back.add(endpointHealth);
      }
    }
    if (!back.isEmpty()) {
      back.addAll(settle(nowNanos));
    }
    return back;
  }

  /**
   * The time until {@link #onTimeout} must be called, in nanoseconds; {@link Long#MAX_VALUE} for
   * never.
   */
  long nanosToDeadline(long nowNanos) {
    long least = Long.MAX_VALUE;
    for (EndpointHealth endpointHealth : endpointHealths.values()) {
      if (endpointHealth.isEjected()) {
        least = Math.min(least, Math.max(0, endpointHealth.untilNanos - nowNanos));
      }
    }
    return least;
  }

  /** The number of consecutive faults that eject an endpoint; 1 on probation. */
  int faultsNeeded(EndpointHealth endpointHealth) {
    return endpointHealth.state() == EndpointHealth.EjectionState.ON_PROBATION
        ? 1
        : options.faults();
  }

  /** Whether the endpoint is another process at the same address. */
  boolean isRestart(EndpointHealth endpointHealth, Endpoint endpoint) {
    return !endpointHealth.instance.equals(endpoint.instance());
  }

  int most(int endpoints) {
    return options.most(endpoints);
  }

  long windowNanos() {
    return options.within().toNanos();
  }

  /** The time of the n-th ejection in a row, in nanoseconds. */
  long ejectionNanos(int ejections) {
    long first = options.ejection().toNanos();
    int doublings = Math.min(EJECTION_DOUBLINGS, ejections - 1);
    return Math.min(OutlierOptions.LONGEST_EJECTION.toNanos(), first << doublings);
  }

  private Duration eject(EndpointHealth endpointHealth, long nowNanos) {
    boolean forgotten =
        endpointHealth.ejections > 0
            && nowNanos - endpointHealth.returnedNanos >= OutlierOptions.LONGEST_EJECTION.toNanos();
    endpointHealth.ejections = forgotten ? 1 : endpointHealth.ejections + 1;
    long time = ejectionNanos(endpointHealth.ejections);
    endpointHealth.untilNanos = nowNanos + time;
    endpointHealth.faults = 0;
    endpointHealth.state = EndpointHealth.EjectionState.EJECTED;
    return Duration.ofNanos(time);
  }

  private void giveBack(EndpointHealth endpointHealth, long nowNanos) {
    endpointHealth.returnedNanos = nowNanos;
    endpointHealth.faults = 0;
    endpointHealth.beginAnew(nowNanos);
    ejected -= counts(endpointHealth) ? 1 : 0;
    endpointHealth.state = EndpointHealth.EjectionState.ON_PROBATION;
  }
}
