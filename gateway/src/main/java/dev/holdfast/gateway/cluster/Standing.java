package dev.holdfast.gateway.cluster;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import org.jspecify.annotations.Nullable;

/**
 * How one run of an endpoint has behaved, as all threads of the gateway saw it. Changed by its
 * {@link OutlierPolicy} alone; what is read without its lock is volatile.
 */
public final class Standing {
  /** What an endpoint is to the balance. */
  public enum State {
    /** It gets its share. */
    GOOD,
    /** It gets no new call until its time is over. */
    EJECTED,
    /** It gets calls again: a success makes it good, a fault leaves it out for longer. */
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
  volatile State state = State.GOOD;
  volatile CheckedHealth found;
  volatile long foundNanos;

  /** Whether its health keeps it from calls, as things stand with the others. */
  volatile boolean unwell;

  // When the last faults were, as many as matter, in a ring.
  private long[] faultsNanos = {};
  private volatile boolean newcomer;
  private volatile long sinceNanos;

  Standing(Endpoint endpoint) {
    this.found = new CheckedHealth(Health.UNCHECKED, "", 0, false);
    this.endpoint = endpoint.address();
    this.address = this.endpoint.toString();
    this.instance = endpoint.instance();
  }

  public State state() {
    return state;
  }

  boolean isEjected() {
    return state == State.EJECTED;
  }

  /** Whether others get its calls, as long as there are any. */
  boolean isLeftOut() {
    return unwell || isEjected();
  }

  Health health() {
    return found.health();
  }

  /** What its checks found. */
  CheckedHealth checked(long nowNanos) {
    CheckedHealth last = found;
    return new CheckedHealth(last.health(), last.why(), nowNanos - foundNanos, unwell);
  }

  /** Whether it joined a cluster that had others, or came back to it. */
  boolean isNewcomer() {
    return newcomer;
  }

  /** Why it is left out, and for how long yet; null when it is not. */
  EndpointView.@Nullable Ejected ejected(long nowNanos) {
    return isEjected() ? new EndpointView.Ejected(why, Math.max(0, untilNanos - nowNanos)) : null;
  }

  /** Whether a success would change anything; asked with every call. */
  boolean isTroubled() {
    return faults > 0 || state == State.ON_PROBATION;
  }

  /** One more fault in a row; of as many as may matter the times are kept. */
  int fault(long nowNanos, int kept) {
    if (faultsNanos.length != kept) {
      faultsNanos = new long[kept];
    }
    faultsNanos[faults % kept] = nowNanos;
    int inARow = faults + 1;
    faults = inARow;
    return inARow;
  }

  /** When the n-th last fault of those in a row was, from 1. */
  long faultNanos(int last) {
    return faultsNanos[(faults - last) % faultsNanos.length];
  }

  /** It joined now, or came back, and grows into its share from here. */
  void beginAnew(long nowNanos) {
    sinceNanos = nowNanos;
    newcomer = true;
  }

  /** For how long it has had calls, if it has not always been there. */
  long ageNanos(long nowNanos) {
    return newcomer ? nowNanos - sinceNanos : Long.MAX_VALUE;
  }
}
