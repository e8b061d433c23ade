package dev.holdfast.liveness;

/**
 * A timed event in a {@link KeepaliveSimulation}. Events at the same time are played in the order
 * of their creation.
 */
record KeepaliveSimulationEvent(
    long atNanos, long sequence, KeepaliveSimulationEventKind kind, long info)
    implements Comparable<KeepaliveSimulationEvent> {

  /** The kinds of events; the flag tells whether this side must run to see the event. */
  enum KeepaliveSimulationEventKind {
    EXCHANGE(false),
    PING_AT_PEER(false),
    ANSWER_OF_PEER(false),
    REQUEST_AT_PEER(false),
    MESSAGE_OF_PEER(false),
    TIMER(true),
    PONG_HERE(true),
    MESSAGE_HERE(true),
    REPLACEMENT_READY(true),
    REPLACEMENT_LATE(true),
    REPLACEMENT_AGAIN(true);

    private final boolean here;

    KeepaliveSimulationEventKind(boolean here) {
      this.here = here;
    }

    /** Whether it happens in our process, which does not run at all times. */
    boolean isHere() {
      return here;
    }
  }

  @Override
  public int compareTo(KeepaliveSimulationEvent other) {
    int byTime = Long.compare(atNanos, other.atNanos);
    return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
  }
}
