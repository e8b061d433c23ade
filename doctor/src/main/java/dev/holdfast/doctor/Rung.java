package dev.holdfast.doctor;

import org.jspecify.annotations.Nullable;

/** One connection of a {@link LadderPlan}: it is asked once, at its age, because that spends it. */
final class Rung {
  /** Where a rung stands. */
  enum State {
    /** Its connection is not opened yet, so that not all come at once. */
    PLANNED,
    /** Its connection is being opened. */
    OPENING,
    /** Its connection is idle. */
    AGING,
    /** Its connection was asked and has not answered yet. */
    ASKED,
    /** It answered. */
    LIVED,
    /** It was asked and is dead. */
    DIED,
    /** It ended before it was asked. */
    ENDED,
    /** It never was ready. */
    NOT_OPENED,
    /** It is no longer of use. */
    DROPPED
  }

  final int number;
  final long ageNanos;
  State state = State.PLANNED;

  /** When the state ends by itself: opening is due, it is to be asked, or has had its time. */
  long dueNanos;

  long readyNanos;
  long askedNanos;
  long endedNanos;
  @Nullable Ending ending;

  /** Died at an age at which others lived: it proves nothing. */
  boolean stray;

  Rung(int number, long ageNanos, long openAtNanos) {
    this.number = number;
    this.ageNanos = ageNanos;
    dueNanos = openAtNanos;
  }

  boolean isPending() {
    return switch (state) {
      case PLANNED, OPENING, AGING, ASKED -> true;
      default -> false;
    };
  }

  boolean isDead() {
    return !stray && (state == State.DIED || state == State.ENDED);
  }

  /** At which age it was found dead: its own, or when it ended by itself. */
  long deadAgeNanos() {
    return state == State.ENDED ? endedNanos - readyNanos : ageNanos;
  }
}
