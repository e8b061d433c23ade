package dev.holdfast.liveness;

import static dev.holdfast.liveness.ProbeSequence.earliest;
import static dev.holdfast.liveness.ProbeSequence.latest;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;

/**
 * The idle timers of one connection: how long the peer has been silent, and when to check next.
 *
 * <p>An instance lives as long as its connection. Not thread-safe.
 */
@PureCore
final class IdleTimers {
  /** The silence after a write that triggers a probe, where no kernel can be asked. */
  static final long AFTER_WRITE_NANOS = Duration.ofSeconds(1).toNanos();

  /** A timer this late means that we did not run, not that the peer was silent. */
  static final long CLOCK_GAP_NANOS = Duration.ofSeconds(1).toNanos();

  @Limit(
      of = "gaps of our own clock that are forgiven in a row",
      then = "time counts as the peer's silence, so that a loop that is always late ends too")
  static final int MAX_GAPS = 3;

  /**
   * The number of hard limits without a frame from beyond the hop, after which the connection is
   * closed. After the first hard limit the connection is suspect.
   */
  @Limit(
      of = "hard limits for which a hop may answer PINGs while nothing comes from beyond it",
      then = "the connection is closed, if calls are open on it")
  static final int HOP_HARD_LIMITS = 2;

  /** The traffic since the last report. */
  enum TrafficKind {
    NOTHING,
    /** Bytes without HEADERS or DATA. */
    BYTES,
    /** Bytes with HEADERS or DATA among them, which no hop makes up. */
    CALL_FRAME
  }

  private final LivenessOptions options;
  private final boolean hasKernel;
  private long lastReceivedNanos;
  private long writtenNanos;
  private long callFrameNanos;
  private long callsSinceNanos;
  private int calls;
  private int gaps;
  private long idleNanos;
  private boolean watching;
  private long watchedSinceNanos;
  private long watchNanos;

  IdleTimers(long nowNanos, LivenessOptions options, boolean hasKernel) {
    this.options = options;
    this.hasKernel = hasKernel;
    lastReceivedNanos = nowNanos;
    writtenNanos = nowNanos;
    callFrameNanos = nowNanos;
    callsSinceNanos = nowNanos;
    idleNanos = nowNanos + options.idle().toNanos();
  }

  /**
   * Records the traffic so far and returns what is new; the parameters are those of {@link
   * LivenessMonitor#onTraffic}.
   */
  TrafficKind onTraffic(
      long nowNanos, long readNanos, long sentNanos, long frameNanos, int openCalls) {
    writtenNanos = sentNanos;
    if (openCalls == 0 || calls == 0) {
      callsSinceNanos = nowNanos;
    }
    calls = openCalls;
    boolean callFrame = frameNanos - callFrameNanos > 0;
    if (callFrame) {
      callFrameNanos = frameNanos;
    }
    if (readNanos - lastReceivedNanos <= 0) {
      return TrafficKind.NOTHING;
    }
    lastReceivedNanos = readNanos;
    gaps = 0;
    return callFrame ? TrafficKind.CALL_FRAME : TrafficKind.BYTES;
  }

  /**
   * The silence is over: bytes came, or an ACK that answered.
   *
   * @param owed whether some of what was written before may still be without an ACK
   */
  void end(long nowNanos, boolean owed) {
    lastReceivedNanos = latest(lastReceivedNanos, nowNanos);
    watching = false;
    gaps = 0;
    idleNanos = quietNanos();
    if (owed && hasKernel) {
      startWatch(nowNanos);
    }
  }

  private void startWatch(long nowNanos) {
    watching = true;
    watchedSinceNanos = nowNanos;
    watchNanos = nowNanos + watchPauseNanos();
  }

  void onWritten(long nowNanos) {
    writtenNanos = nowNanos;
    if (!watching) {
      startWatch(nowNanos);
    }
  }

  /** All that was written is acknowledged: nobody owes anything. */
  void onAcked() {
    watching = false;
  }

  boolean isAwaitingAck() {
    return watching;
  }

  boolean hasCalls() {
    return calls > 0;
  }

  long lastReceivedNanos() {
    return lastReceivedNanos;
  }

  /** When the silence is long enough for a probe. */
  long quietNanos() {
    return lastReceivedNanos + options.idle().toNanos();
  }

  long callFrameNanos() {
    return callFrameNanos;
  }

  /** Whether the peer gave a sign of life then or later. */
  boolean isHeardSince(long atNanos) {
    return lastReceivedNanos - atNanos >= 0;
  }

  /** Whether a call needs no proof. */
  boolean isSafe(long nowNanos, long wokeNanos) {
    return nowNanos - lastReceivedNanos <= options.safeIdle().toNanos() && isHeardSince(wokeNanos);
  }

  /** Whether the peer was silent for so long that it is to be asked; moves the time on if not. */
  boolean isIdleDue(long nowNanos) {
    idleNanos = latest(idleNanos, quietNanos());
    return nowNanos - idleNanos >= 0;
  }

  /** Postpones the idle check, because nothing can be asked now. */
  void putOffIdle(long nowNanos) {
    idleNanos = nowNanos + options.idle().toNanos();
  }

  /**
   * Whether somebody is to be asked about what was written; moves the time on if not. Only the
   * kernel can tell that all of it arrived: what the peer says may have been said before.
   */
  boolean isAckCheckDue(long nowNanos) {
    if (!watching || nowNanos - watchNanos < 0) {
      return false;
    }
    boolean silent = lastReceivedNanos - watchedSinceNanos <= 0;
    if (hasKernel || (silent && calls > 0)) {
      return true;
    }
    if (writtenNanos - lastReceivedNanos > 0 && calls > 0) {
      startWatch(nowNanos);
    } else {
      watching = false;
    }
    return false;
  }

  private long watchPauseNanos() {
    return hasKernel ? ProbeSequence.KERNEL_EVERY_NANOS : AFTER_WRITE_NANOS;
  }

  void postponeAckCheck(long nowNanos, long byNanos) {
    watchNanos = nowNanos + byNanos;
  }

  /** Whether a hop that is known to answer PINGs itself brought nothing for the hard limit. */
  boolean isHopSuspect(long nowNanos) {
    return isHopSilent(nowNanos, 1);
  }

  /** Whether it brought nothing for so long that the connection is of no use. */
  boolean isHopDead(long nowNanos) {
    return isHopSilent(nowNanos, HOP_HARD_LIMITS);
  }

  private boolean isHopSilent(long nowNanos, int hardLimits) {
    return options.pingsEndAtHop()
        && calls > 0
        && nowNanos - hopNanos() >= hardLimits * options.hardLimit().toNanos();
  }

  /** Whether a timer was so late that the silence meanwhile is nobody's fault. */
  boolean isGap(long lateNanos) {
    if (lateNanos < CLOCK_GAP_NANOS || gaps >= MAX_GAPS) {
      return false;
    }
    gaps++;
    callsSinceNanos += lateNanos;
    return true;
  }

  /** The time of the next check. */
  long nextNanos() {
    long next = watching ? earliest(idleNanos, watchNanos) : idleNanos;
    return options.pingsEndAtHop() && calls > 0
        ? earliest(next, hopNanos() + options.hardLimit().toNanos())
        : next;
  }

  private long hopNanos() {
    return latest(callsSinceNanos, callFrameNanos);
  }
}
