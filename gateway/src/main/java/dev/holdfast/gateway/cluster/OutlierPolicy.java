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
 * Which endpoints of a cluster get no calls because they fail.
 *
 * <pre>
 * GOOD --faults in a row within a window--> EJECTED --its time is over--> ON_PROBATION
 * ON_PROBATION --success--> GOOD
 * ON_PROBATION --fault--> EJECTED, for twice as long
 * EJECTED --too many are, since others left the list--> ON_PROBATION
 * </pre>
 *
 * <p>A restart at the same address, which its instance tells, begins anew. Not thread-safe.
 */
@PureCore
class OutlierPolicy {
  private static final int MOST_DOUBLINGS = 20;

  final OutlierOptions options;
  private final Map<HostPort, Standing> standings = new HashMap<>();
  private boolean listed;
  private int ejected;
  private int eligible;

  OutlierPolicy(OutlierOptions options) {
    this.options = options;
  }

  /** The standing of an endpoint, which begins with this when it is not in the list. */
  Standing of(Endpoint endpoint) {
    return standings.computeIfAbsent(endpoint.address(), address -> new Standing(endpoint));
  }

  /**
   * The list changed: who is new grows into its share, except in the first list that has any.
   *
   * @return those that are let back because too many would be left out
   */
  List<Standing> onList(EndpointSet list, long nowNanos) {
    standings.values().removeIf(standing -> !list.contains(standing.endpoint));
    ejected = 0;
    eligible = 0;
    for (Endpoint endpoint : list.endpoints()) {
      Standing standing = standings.get(endpoint.address());
      if (standing == null || isRestart(standing, endpoint)) {
        standing = new Standing(endpoint);
        standings.put(endpoint.address(), standing);
        if (listed) {
          standing.beginAnew(nowNanos);
        }
      }
      standing.eligible = endpoint.isEligible();
      eligible += standing.eligible ? 1 : 0;
      ejected += standing.eligible && standing.isEjected() ? 1 : 0;
    }
    listed |= !list.isEmpty();
    List<Standing> back = new ArrayList<>();
    while (ejected > 0 && ejected > most(eligible)) {
      Standing first =
          standings.values().stream()
              .filter(standing -> standing.eligible && standing.isEjected())
              .min(Comparator.comparingLong(standing -> standing.untilNanos - nowNanos))
              .orElseThrow();
      giveBack(first, nowNanos);
      back.add(first);
    }
    return back;
  }

  /** A fault; what it led to, if anything. */
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
    if (!bad || !standing.eligible || ejected >= most(eligible)) {
      return Optional.empty();
    }
    standing.why = fault.tag() + ": " + cause;
    Duration time = eject(standing, nowNanos);
    return Optional.of(
        new Ejection(standing.address, fault, cause, faults, time, standing.ejections));
  }

  /** An answer, of whatever status. */
  void onSuccess(Standing standing) {
    standing.faults = 0;
    if (standing.state == Standing.State.ON_PROBATION) {
      standing.state = Standing.State.GOOD;
    }
  }

  /** Those whose time is over. */
  List<Standing> onTimeout(long nowNanos) {
    List<Standing> back = new ArrayList<>();
    for (Standing standing : standings.values()) {
      if (standing.isEjected() && nowNanos - standing.untilNanos >= 0) {
        giveBack(standing, nowNanos);
        back.add(standing);
      }
    }
    return back;
  }

  /** How long until {@link #onTimeout} has something to do; {@link Long#MAX_VALUE} for never. */
  long nanosToDeadline(long nowNanos) {
    long least = Long.MAX_VALUE;
    for (Standing standing : standings.values()) {
      if (standing.isEjected()) {
        least = Math.min(least, Math.max(0, standing.untilNanos - nowNanos));
      }
    }
    return least;
  }

  /** One is enough for an endpoint that was left out before and has not succeeded since. */
  int faultsNeeded(Standing standing) {
    return standing.state() == Standing.State.ON_PROBATION ? 1 : options.faults();
  }

  /** Whether it is another process than the one that we know. */
  boolean isRestart(Standing standing, Endpoint endpoint) {
    return !standing.instance.equals(endpoint.instance());
  }

  int most(int endpoints) {
    return options.most(endpoints);
  }

  long windowNanos() {
    return options.within().toNanos();
  }

  /** For how long it is left out, the n-th time in a row. */
  long ejectionNanos(int ejections) {
    long first = options.ejection().toNanos();
    int doublings = Math.min(MOST_DOUBLINGS, ejections - 1);
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
    ejected++;
    return Duration.ofNanos(time);
  }

  private void giveBack(Standing standing, long nowNanos) {
    standing.returnedNanos = nowNanos;
    standing.faults = 0;
    standing.beginAnew(nowNanos);
    ejected -= standing.eligible ? 1 : 0;
    standing.state = Standing.State.ON_PROBATION;
  }
}
