package dev.holdfast.liveness;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.random.RandomGenerator;

/**
 * A model of one direction of a TCP connection, as its sender's kernel sees it. Lost segments are
 * retransmitted with exponential backoff; later segments wait for them (head-of-line blocking).
 */
final class SimulatedTcpSender {
  static final long NEVER = Long.MAX_VALUE / 4;
  private static final long LEAST_RTO_NANOS = Duration.ofMillis(200).toNanos();
  private static final long LONGEST_RTO_NANOS = Duration.ofMinutes(2).toNanos();

  /** Retransmissions of a segment by the simulated kernel; after the last one it is lost. */
  private static final int MAX_RETRANSMITS = 40;

  private record Segment(long sentNanos, long ackedNanos) {}

  private final RandomGenerator random;
  private final PathConditions pathConditions;
  private final FaultIntervals stalls;
  private final long deadFromNanos;
  private final long rtoNanos;
  private final ArrayDeque<Segment> unacked = new ArrayDeque<>();
  private long lastArrivalNanos;
  private long lastAckNanos;
  private int keepalives;

  SimulatedTcpSender(
      RandomGenerator random,
      PathConditions pathConditions,
      FaultIntervals stalls,
      long deadFromNanos) {
    this.random = random;
    this.pathConditions = pathConditions;
    this.stalls = stalls;
    this.deadFromNanos = deadFromNanos;
    rtoNanos =
        Math.max(
            LEAST_RTO_NANOS,
            2 * (pathConditions.roundTrip().toNanos() + 2 * pathConditions.jitter().toNanos()));
  }

  /** Sends a segment; the time at which it arrives, or {@link #NEVER}. */
  long send(long nowNanos) {
    forgetAcked(nowNanos);
    Segment last = unacked.peekLast();
    long leaveNanos = nowNanos;
    if (last != null && last.ackedNanos >= NEVER) {
      unacked.add(new Segment(nowNanos, NEVER));
      return NEVER;
    }
    if (last == null) {
      leaveNanos = firstPassing(nowNanos);
    } else if (last.ackedNanos > nowNanos) {
      // Behind what is still on its way: it goes with that.
      leaveNanos = Math.max(nowNanos, last.ackedNanos - pathConditions.roundTrip().toNanos());
    }
    if (leaveNanos >= NEVER) {
      unacked.add(new Segment(nowNanos, NEVER));
      return NEVER;
    }
    long arrivalNanos = Math.max(lastArrivalNanos, leaveNanos + oneWay());
    lastArrivalNanos = arrivalNanos;
    unacked.add(new Segment(nowNanos, arrivalNanos + oneWay()));
    return arrivalNanos;
  }

  /** Whether a single packet and its answer pass now, as for a keepalive probe. */
  boolean keepalive(long nowNanos) {
    forgetAcked(nowNanos);
    if (!unacked.isEmpty()) {
      return false;
    }
    if (passes(nowNanos)) {
      keepalives = 0;
      return true;
    }
    keepalives++;
    return false;
  }

  /** Any packet from the peer carries an ACK. */
  void onHeard(long nowNanos) {
    lastAckNanos = Math.max(lastAckNanos, nowNanos);
    keepalives = 0;
  }

  /** When the kernel last heard an ACK. */
  long lastAckNanos(long nowNanos) {
    forgetAcked(nowNanos);
    return lastAckNanos;
  }

  /** The time since which the oldest sent segment is unacknowledged; {@link #NEVER} without one. */
  long owedSinceNanos(long nowNanos) {
    forgetAcked(nowNanos);
    Segment head = unacked.peekFirst();
    return head == null ? NEVER : head.sentNanos;
  }

  /** The time from the sending of a segment to its second retransmission. */
  long secondRetransmitNanos() {
    return 3 * rtoNanos;
  }

  TcpInfo evidence(long nowNanos) {
    forgetAcked(nowNanos);
    Segment head = unacked.peekFirst();
    return new TcpInfo(
        unacked.size(),
        head == null ? 0 : retransmits(nowNanos - head.sentNanos),
        keepalives,
        nowNanos - lastAckNanos,
        pathConditions.roundTrip().toNanos());
  }

  private void forgetAcked(long nowNanos) {
    while (!unacked.isEmpty() && unacked.peekFirst().ackedNanos <= nowNanos) {
      lastAckNanos = Math.max(lastAckNanos, unacked.pollFirst().ackedNanos);
      keepalives = 0;
    }
  }

  private long firstPassing(long nowNanos) {
    long atNanos = nowNanos;
    long pauseNanos = rtoNanos;
    for (int i = 0; i < MAX_RETRANSMITS; i++) {
      if (passes(atNanos)) {
        return atNanos;
      }
      atNanos += pauseNanos;
      pauseNanos = Math.min(LONGEST_RTO_NANOS, 2 * pauseNanos);
    }
    return NEVER;
  }

  private int retransmits(long ageNanos) {
    int times = 0;
    long pauseNanos = rtoNanos;
    for (long at = pauseNanos; at <= ageNanos && times < MAX_RETRANSMITS; times++) {
      pauseNanos = Math.min(LONGEST_RTO_NANOS, 2 * pauseNanos);
      at += pauseNanos;
    }
    return times;
  }

  private boolean passes(long atNanos) {
    return atNanos < deadFromNanos
        && !stalls.contains(atNanos)
        && !stalls.contains(atNanos + pathConditions.roundTrip().toNanos())
        && random.nextDouble() >= pathConditions.loss();
  }

  private long oneWay() {
    return pathConditions.roundTrip().toNanos() / 2
        + random.nextLong(pathConditions.jitter().toNanos() + 1);
  }
}
