package dev.holdfast.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The loss of more than half of a list within {@link #WINDOW}, in one step or in many.
 *
 * <p>A store that ends many leases at once says so one by one, and no single step looks like much.
 * So what left a moment ago without a word and without proof is remembered, and comes back when
 * more follows. Those who live get one time to register again in each doubt.
 */
@PureCore
final class MassLoss {
  /** etcd ends a thousand leases a second. */
  @Limit(
      of = "time within which losses of a list count together",
      then = "an earlier loss is believed for good")
  static final Duration WINDOW = Duration.ofSeconds(3);

  private record Loss(Endpoint endpoint, long atNanos) {}

  private final Map<HostPort, Loss> losses = new LinkedHashMap<>();
  private final Resettlement resettlement;
  private boolean timeGiven;

  /**
   * None at first.
   *
   * @param resettlement begins with it, where records are renewed; elsewhere nothing is one
   */
  MassLoss(Resettlement resettlement) {
    this.resettlement = resettlement;
  }

  /**
   * Whether this is one, for the first time in a doubt.
   *
   * @param missing in the list, to which all that left within the window is added if so
   * @param doubtful how many of them no read has proven to be gone
   * @param active the length of the list
   */
  boolean begins(
      long nowNanos, List<Endpoint> missing, long doubtful, long active, EndpointSet said) {
    if (!resettlement.isPossible() || timeGiven || missing.isEmpty()) {
      return false;
    }
    List<Endpoint> before = within(nowNanos, said);
    if ((doubtful + before.size()) * 2 <= active + before.size()) {
      return false;
    }
    missing.addAll(before);
    losses.clear();
    timeGiven = true;
    resettlement.beginAfterMassLoss(nowNanos);
    return true;
  }

  /** Whoever is missing had the time already: the list is from disk, or a grace time is over. */
  void exempt() {
    timeGiven = true;
  }

  /** The list is believed again. */
  void end() {
    timeGiven = false;
  }

  /** These were believed to be gone, because the registry did not show them any more. */
  void add(long nowNanos, List<Endpoint> lost) {
    if (!resettlement.isPossible()) {
      return;
    }
    for (Endpoint endpoint : lost) {
      losses.remove(endpoint.address());
      losses.put(endpoint.address(), new Loss(endpoint, nowNanos));
    }
  }

  /** What left within the window and is not back. */
  private List<Endpoint> within(long nowNanos, EndpointSet said) {
    List<Endpoint> recent = new ArrayList<>();
    for (Iterator<Loss> all = losses.values().iterator(); all.hasNext(); ) {
      Loss loss = all.next();
      if (nowNanos - loss.atNanos() - WINDOW.toNanos() >= 0
          || said.contains(loss.endpoint().address())) {
        all.remove();
      } else {
        recent.add(loss.endpoint());
      }
    }
    return recent;
  }
}
