package dev.holdfast.liveness;

/**
 * A timed event in a {@link Rehearsal}. Events at the same time are played in the order of their
 * creation.
 */
record RehearsalEvent(long atNanos, long sequence, Kind kind, long info)
    implements Comparable<RehearsalEvent> {

  /** The kinds of events; the flag tells whether this side must run to see the event. */
  enum Kind {
    EXCHANGE(false),
    PING_AT_PEER(false),
    ANSWER_OF_PEER(false),
    REQUEST_AT_PEER(false),
    MESSAGE_OF_PEER(false),
    TIMER(true),
    PONG_HERE(true),
    MESSAGE_HERE(true),
    TWIN_READY(true),
    TWIN_LATE(true),
    TWIN_AGAIN(true);

    private final boolean here;

    Kind(boolean here) {
      this.here = here;
    }

    /** Whether it happens in our process, which does not run at all times. */
    boolean isHere() {
      return here;
    }
  }

  @Override
  public int compareTo(RehearsalEvent other) {
    int byTime = Long.compare(atNanos, other.atNanos);
    return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
  }
}
