package dev.holdfast.streams.grpc.internal.driver;

import dev.holdfast.streams.session.StreamSession;

/**
 * The time since when a message waits for its acknowledgement: since there is one that waits, or
 * since the last acknowledgement. So it is the least age of the oldest message that waits. Guarded
 * by the lock of the session.
 */
final class UnackedAge {
  private long acked;
  private boolean waiting;
  private long sinceNanos;

  /** Notes the positions after a turn; costs two comparisons while they stay. */
  void note(StreamSession session, long nowNanos) {
    long ackedNow = session.acked();
    boolean waitingNow = session.position() > ackedNow;
    if (ackedNow != acked || waitingNow != waiting) {
      acked = ackedNow;
      waiting = waitingNow;
      sinceNanos = nowNanos;
    }
  }

  /** Brings what {@link #millis} will need into the cache; the result means nothing. */
  long prefetch() {
    return sinceNanos;
  }

  /** In milliseconds; 0 when no message waits. */
  long millis(StreamSession session, long nowNanos) {
    note(session, nowNanos);
    return waiting ? (nowNanos - sinceNanos) / 1_000_000 : 0;
  }
}
