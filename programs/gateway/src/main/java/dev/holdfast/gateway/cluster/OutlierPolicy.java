package dev.holdfast.gateway.cluster;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.PureCore;
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
 * <p>An endpoint that reports {@link Health#NOT_SERVING} is always left out. Endpoints with an
 * unknown status ({@link Health#PENDING}, {@link Health#FAILING}) are left out while they and the
 * ejected ones together are at most as many as may be ejected. Beyond that, the checks themselves
 * are in doubt.
 *
 * <p>A restart at the same address, which a new instance identifies, begins with a clean record.
 */
@PureCore
class OutlierPolicy {
  private static final int EJECTION_DOUBLINGS = 20;

  final OutlierOptions options;
  private final Map<HostPort, Standing> standings = new HashMap<>();
  private boolean listed;
  private boolean checked;
  private int ejected;
  private int eligible;

  OutlierPolicy(OutlierOptions options) {
    this.options = options;
  }

  /** The record of an endpoint; created if it has none. */
  Standing of(Endpoint endpoint) {
    return standings.computeIfAbsent(endpoint.address(), address -> new Standing(endpoint));
  }

  /** The record of an endpoint; empty for one that has none. */
  Optional<Standing> known(HostPort endpoint) {
    return Optional.ofNullable(standings.get(endpoint));
  }

  /** The number of endpoints that get no calls because of their health. */
  int unwell() {
    return (int) standings.values().stream().filter(each -> each.unwell).count();
  }

  /**
   * Applies a new list. New endpoints begin slow start, except in the first list with any
   * endpoints.
   *
   * @return the endpoints whose ejection ends because too many would be ejected
   */
  List<Standing> onList(EndpointSet list, long nowNanos) {
    standings.values().removeIf(standing -> !list.contains(standing.endpoint));
    for (Endpoint endpoint : list.endpoints()) {
      Standing standing = standings.get(endpoint.address());
      if (standing == null || isRestart(standing, endpoint)) {
        standing = new Standing(endpoint);
        standings.put(endpoint.address(), standing);
        if (listed) {
          standing.beginAnew(nowNanos);
        }
      }
      if (checked && standing.health() == Health.UNCHECKED) {
        find(standing, Health.PENDING, "", nowNanos);
      }
      standing.eligible = endpoint.isEligible();
    }
    listed |= !list.isEmpty();
    return settle(nowNanos);
  }

  /**
   * Switches the effect of active health checks on or off.
   *
   * @return the endpoints whose ejection ends because too many would be ejected
   */
  List<Standing> onChecks(boolean on, long nowNanos) {
    checked = on;
    for (Standing standing : standings.values()) {
      if (!on || standing.health() == Health.UNCHECKED) {
        find(standing, on ? Health.PENDING : Health.UNCHECKED, "", nowNanos);
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
  List<Standing> onHealth(Endpoint endpoint, Health health, String why, long nowNanos) {
    Standing standing = standings.get(endpoint.address());
    if (!checked || standing == null || isRestart(standing, endpoint)) {
      return List.of();
    }
    Health before = standing.health();
    boolean wasOut = standing.unwell;
    if (before == health) {
      standing.found = new CheckedHealth(health, why, 0, false);
      return List.of();
    }
    find(standing, health, why, nowNanos);
    List<Standing> back = settle(nowNanos);
    // Who was in the first list is no newcomer only because it was asked first.
    if (wasOut && !standing.unwell && (before != Health.PENDING || standing.isNewcomer())) {
      standing.beginAnew(nowNanos);
    }
    return back;
  }

  private static void find(Standing standing, Health health, String why, long nowNanos) {
    standing.found = new CheckedHealth(health, why, 0, false);
    standing.foundNanos = nowNanos;
  }

  /** Counts again which endpoints are left out, and ends ejections beyond the limit. */
  private List<Standing> settle(long nowNanos) {
    ejected = 0;
    eligible = 0;
    int doubtful = 0;
    for (Standing standing : standings.values()) {
      if (counts(standing)) {
        eligible++;
        ejected += standing.isEjected() ? 1 : 0;
        doubtful += !standing.isEjected() && standing.health().isDoubtful() ? 1 : 0;
      }
    }
    List<Standing> back = new ArrayList<>();
    while (ejected > 0 && ejected > most(eligible)) {
      Standing first =
          standings.values().stream()
              .filter(standing -> counts(standing) && standing.isEjected())
              .min(Comparator.comparingLong(standing -> standing.untilNanos - nowNanos))
              .orElseThrow();
      giveBack(first, nowNanos);
      doubtful += first.health().isDoubtful() ? 1 : 0;
      back.add(first);
    }
    boolean believed = isBelieved(doubtful, ejected, eligible);
    for (Standing standing : standings.values()) {
      Health health = standing.health();
      standing.unwell = health == Health.NOT_SERVING || (believed && health.isDoubtful());
    }
    return back;
  }

  /** Whether an endpoint counts for the limit of ejections. */
  private static boolean counts(Standing standing) {
    return standing.eligible && standing.health() != Health.NOT_SERVING;
  }

  /** Whether endpoints with an unknown status are left out. */
  boolean isBelieved(int doubtful, int leftOut, int endpoints) {
    return doubtful + leftOut <= most(endpoints);
  }

  /**
   * Records a fault of an endpoint.
   *
   * @return the ejection that follows, if any
   */
  Optional<Ejection> onFault(Standing standing, EndpointFault fault, String cause, long nowNanos) {
    if (standing.isEjected() || standings.get(standing.endpoint) != standing) {
      return Optional.empty();
    }
    int faults = standing.fault(nowNanos, Math.max(1, options.faults()));
    int needed = faultsNeeded(standing);
    boolean bad =
        options.faults() > 0
            && faults >= needed
            && nowNanos - standing.faultNanos(needed) <= windowNanos();
    if (!bad || !counts(standing) || ejected >= most(eligible)) {
      return Optional.empty();
    }
    standing.why = fault.tag() + ": " + cause;
    Duration time = eject(standing, nowNanos);
    var unused = settle(nowNanos);
    return Optional.of(
        new Ejection(standing.address, fault, cause, faults, time, standing.ejections));
  }

  /** Records a response of any status. */
  void onSuccess(Standing standing) {
    standing.faults = 0;
    if (standing.state == Standing.State.ON_PROBATION) {
      standing.state = Standing.State.GOOD;
    }
  }

  /** Ends the ejections whose time is over, and returns their endpoints. */
  List<Standing> onTimeout(long nowNanos) {
    List<Standing> back = new ArrayList<>();
    for (Standing standing : standings.values()) {
      if (standing.isEjected() && nowNanos - standing.untilNanos >= 0) {
        giveBack(standing, nowNanos);
        back.add(standing);
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
    for (Standing standing : standings.values()) {
      if (standing.isEjected()) {
        least = Math.min(least, Math.max(0, standing.untilNanos - nowNanos));
      }
    }
    return least;
  }

  /** The number of consecutive faults that eject an endpoint; 1 on probation. */
  int faultsNeeded(Standing standing) {
    return standing.state() == Standing.State.ON_PROBATION ? 1 : options.faults();
  }

  /** Whether the endpoint is another process at the same address. */
  boolean isRestart(Standing standing, Endpoint endpoint) {
    return !standing.instance.equals(endpoint.instance());
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

  private Duration eject(Standing standing, long nowNanos) {
    boolean forgotten =
        standing.ejections > 0
            && nowNanos - standing.returnedNanos >= OutlierOptions.LONGEST_EJECTION.toNanos();
    standing.ejections = forgotten ? 1 : standing.ejections + 1;
    long time = ejectionNanos(standing.ejections);
    standing.untilNanos = nowNanos + time;
    standing.faults = 0;
    standing.state = Standing.State.EJECTED;
    return Duration.ofNanos(time);
  }

  private void giveBack(Standing standing, long nowNanos) {
    standing.returnedNanos = nowNanos;
    standing.faults = 0;
    standing.beginAnew(nowNanos);
    ejected -= counts(standing) ? 1 : 0;
    standing.state = Standing.State.ON_PROBATION;
  }
}
