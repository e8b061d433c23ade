package dev.holdfast.core.discovery;

import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The proof from fresh reads since a list came into doubt: which endpoints are gone, and whether
 * the list is empty. Cleared when the doubt ends.
 */
@PureCore
final class AbsenceEvidence {
  private final long graceNanos;
  private final Set<HostPort> gone = new HashSet<>();
  private @Nullable Long emptySinceNanos;
  private boolean emptyProven;

  AbsenceEvidence(Duration grace) {
    this.graceNanos = grace.toNanos();
  }

  void clear() {
    gone.clear();
    emptySinceNanos = null;
    emptyProven = false;
  }

  /** The grace time of an empty list begins, or begins anew. */
  void beginGrace(long nowNanos) {
    emptySinceNanos = nowNanos;
  }

  /** The registry can't be followed: the grace time does not run. */
  void suspendGrace() {
    emptySinceNanos = null;
  }

  /** When the grace time of an empty list ends, if it runs. */
  @Nullable Long graceEndsNanos() {
    return emptySinceNanos == null ? null : emptySinceNanos + graceNanos;
  }

  /**
   * Takes the answer of a fresh read: which of the addresses in use it did not show. A read that
   * began within the grace time proves nothing: the endpoints had no time to register again.
   */
  void add(ConfirmingReads.OutstandingRead read, EndpointSet answer, Stream<HostPort> inUse) {
    Long ends = graceEndsNanos();
    if (ends == null || read.atNanos() - ends >= 0) {
      inUse.filter(address -> !answer.contains(address)).forEach(gone::add);
      emptyProven = ends != null && answer.isEmpty();
    }
  }

  /** Removes the endpoints of this list from those proven to be gone, whatever was read before. */
  void refute(EndpointSet shown) {
    if (!gone.isEmpty()) {
      shown.endpoints().forEach(e -> gone.remove(e.address()));
    }
  }

  boolean isGone(HostPort address) {
    return gone.contains(address);
  }

  /** Whether the read just added began after the grace time and showed an empty list again. */
  boolean isEmptyProven() {
    return emptyProven;
  }

  /** A proof of emptiness counts at once or not at all. */
  void spendEmptyProof() {
    emptyProven = false;
  }
}
