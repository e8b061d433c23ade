package dev.holdfast.doctor;

import org.jspecify.annotations.Nullable;

/**
 * A connection of a {@link IdleTimeoutSearch}. The connection is probed once, at its age, because a
 * probe restarts its idle time.
 */
final class IdleProbe {
  /** The states of a probe. */
  enum IdleProbeState {
    /** The connection is not opened yet: openings are staggered. */
    PLANNED,
    /** The connection is being opened. */
    OPENING,
    /** The connection is idle until its age. */
    AGING,
    /** The connection was probed and has not answered yet. */
    ASKED,
    /** The connection answered its probe. */
    LIVED,
    /** The probe failed: the connection is dead. */
    DIED,
    /** The connection ended before it was probed. */
    ENDED,
    /** The connection could not be opened. */
    NOT_OPENED,
    /** The connection was closed because its result is not needed any more. */
    DROPPED
  }

  final int number;
  final long ageNanos;
  IdleProbeState idleProbeState = IdleProbeState.PLANNED;

  /**
   * The time at which the state ends by itself: opening is due, the probe is due, or the answer is
   * overdue.
   */
  long dueNanos;

  long readyNanos;
  long askedNanos;
  long endedNanos;
  @Nullable DisconnectKind disconnectKind;

  /** Whether the connection died at an age that others survived, and proves nothing. */
  boolean stray;

  IdleProbe(int number, long ageNanos, long openAtNanos) {
    this.number = number;
    this.ageNanos = ageNanos;
    dueNanos = openAtNanos;
  }

  boolean isPending() {
    return switch (idleProbeState) {
      case PLANNED, OPENING, AGING, ASKED -> true;
      default -> false;
    };
  }

  boolean isDead() {
    return !stray
        && (idleProbeState == IdleProbeState.DIED || idleProbeState == IdleProbeState.ENDED);
  }

  /**
   * The age at which the connection was found dead, in nanoseconds: that of its probe, which a busy
   * machine sends later than planned, or that of its unprobed end.
   */
  long deadAgeNanos() {
    return (idleProbeState == IdleProbeState.ENDED ? endedNanos : askedNanos) - readyNanos;
  }
}
