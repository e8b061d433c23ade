package dev.holdfast.core.discovery;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A detector of the loss of more than half of a list within {@link #WINDOW}, in one step or in
 * many.
 *
 * <p>A store that expires many leases at once reports them one by one, and no single step looks
 * like a mass loss. So endpoints that left recently and unannounced are remembered, and return to
 * the list when more follow. In each doubt, live endpoints get time once to register again.
 */
@PureCore
final class MassLossDetector {
  /** etcd ends a thousand leases a second. */
  @Limit(
      of = "time within which losses of a list count together",
      then = "an earlier loss is believed for good")
  public static final Duration WINDOW = Duration.ofSeconds(3);

  private record Loss(Endpoint endpoint, long atNanos) {}

  private final Map<HostPort, Loss> losses = new LinkedHashMap<>();
  private final ReRegistrationWindow reRegistrationWindow;
  private boolean timeGiven;

  /**
   * Creates a detector without any loss.
   *
   * @param reRegistrationWindow begins with a mass loss, where records are renewed; elsewhere no
   *     loss counts as one
   */
  MassLossDetector(ReRegistrationWindow reRegistrationWindow) {
    this.reRegistrationWindow = reRegistrationWindow;
  }

  /**
   * Whether a mass loss begins, at most once per doubt.
   *
   * @param missing endpoints missing from the list; if a mass loss begins, all that left within the
   *     window are added
   * @param doubtful how many of the missing no read has proven to be gone
   * @param active the length of the list
   */
  boolean detect(
      long nowNanos, List<Endpoint> missing, long doubtful, long active, EndpointSet said) {
    if (!reRegistrationWindow.isPossible() || timeGiven || missing.isEmpty()) {
      return false;
    }
    List<Endpoint> before = within(nowNanos, said);
    if ((doubtful + before.size()) * 2 <= active + before.size()) {
      return false;
    }
    missing.addAll(before);
    losses.clear();
    timeGiven = true;
    reRegistrationWindow.beginAfterMassLoss(nowNanos);
    return true;
  }

  /**
   * Ends detection for this doubt: the missing endpoints had time to register, because the list is
   * from disk or a grace time is over.
   */
  void exempt() {
    timeGiven = true;
  }

  /** The list is believed again. */
  void end() {
    timeGiven = false;
  }

  /**
   * Records endpoints that left the list because the registry no longer showed them, but for those
   * that had time to register and were proven not to have done so.
   */
  void add(long nowNanos, List<Endpoint> lost, AbsenceEvidence absenceEvidence) {
    if (!reRegistrationWindow.isPossible()) {
      return;
    }
    for (Endpoint endpoint : lost) {
      if (!timeGiven || !absenceEvidence.isGone(endpoint.address())) {
        losses.remove(endpoint.address());
        losses.put(endpoint.address(), new Loss(endpoint, nowNanos));
      }
    }
  }

  /** The endpoints that left within the window and are not back. */
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
