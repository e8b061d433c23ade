package dev.holdfast.liveness;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;

/**
 * The probe sequence of a silent connection, from the first probe to the answer or the verdict.
 *
 * <p>A sequence exists only while a connection is PROBING or SUSPECT; its owner, the {@link
 * LivenessMonitor}, lives longer. Not thread-safe.
 */
@PureCore
class ProbeSequence {
  /** The interval at which the kernel is asked while it may see trouble first. */
  static final long KERNEL_EVERY_NANOS = Duration.ofMillis(250).toNanos();

  /**
   * The interval to the next read of a kernel that has retransmitted; a further retransmission is
   * trouble.
   */
  static final long KERNEL_SOON_NANOS = Duration.ofMillis(50).toNanos();

  /** The interval from a TCP keepalive probe to the first read of its ACK; it doubles each time. */
  static final long NUDGE_EVERY_NANOS = Duration.ofMillis(20).toNanos();

  /** The time a proof before a call may take: four round trips, but no less, and a limit. */
  static final long LEAST_PROOF_NANOS = Duration.ofMillis(250).toNanos();

  @Limit(
      of = "time that a liveness check before a call may take",
      then = "the connection is suspect, and the call goes elsewhere or to its replacement")
  static final Duration MOST_PROOF = Duration.ofSeconds(2);

  static final int PROOF_ROUND_TRIPS = 4;

  /** The assumed round trip time where nobody measured it. */
  static final long UNKNOWN_RTT_NANOS = Duration.ofMillis(250).toNanos();

  private final LivenessOptions options;
  private long sinceNanos;
  private boolean asked;
  private long askedNanos;
  private long quietNanos;
  private long ackNanos;
  private long probeNanos;
  private long kernelNanos;
  private long kernelPauseNanos;
  private boolean proofWanted;
  private boolean hasProofLimit;
  private long proofNanos;
  private boolean hopAlone;
  private boolean lastWordAsked;
  private boolean lateProbeForgiven;
  private ReplacementState replacement = ReplacementState.DROPPED;
  private long graceNanos;

  /**
   * A question that begins now.
   *
   * @param quietNanos when the peer's silence would be long enough for a probe without any
   *     suspicion: who is asked earlier has no less time to answer
   */
  ProbeSequence(long nowNanos, long quietNanos, LivenessOptions options) {
    this.options = options;
    this.quietNanos = quietNanos;
    sinceNanos = nowNanos;
    ackNanos = nowNanos - 1;
    graceNanos = nowNanos;
    kernelPauseNanos = KERNEL_EVERY_NANOS;
    kernelNanos = nowNanos + kernelPauseNanos;
    probeNanos = nowNanos + options.spacing().toNanos();
  }

  /** Bytes from then on are an answer. */
  long sinceNanos() {
    return sinceNanos;
  }

  /** The connection became suspect: what is read from now on clears it. */
  void onSuspect(long nowNanos) {
    sinceNanos = nowNanos;
    proofWanted = false;
    hasProofLimit = false;
    kernelPauseNanos = KERNEL_EVERY_NANOS;
    kernelNanos = nowNanos + kernelPauseNanos;
  }

  /** The peer, or at least its kernel, owes an answer from now on. */
  void ask(long nowNanos) {
    if (!asked) {
      asked = true;
      askedNanos = nowNanos;
    }
  }

  /** Whether anything was asked at all: who was not asked is not condemned. */
  boolean isAsked() {
    return asked;
  }

  /** A hop answered, but is known to answer for itself only. */
  void onHopAnswer() {
    asked = false;
  }

  /**
   * The next probe follows after the spacing, whether or not this one could be sent. One that left
   * late leaves the peer's kernel a moment before the verdict, once until it acknowledges.
   */
  void onProbe(long nowNanos) {
    if (!lateProbeForgiven && nowNanos - probeNanos >= KERNEL_EVERY_NANOS) {
      lateProbeForgiven = true;
      graceNanos = latest(graceNanos, nowNanos + KERNEL_EVERY_NANOS);
    }
    probeNanos = nowNanos + options.spacing().toNanos();
  }

  boolean isProbeDue(long nowNanos) {
    return nowNanos - probeNanos >= 0;
  }

  /** A call waits for the answer. */
  void wantProof() {
    proofWanted = true;
  }

  boolean isProofWanted() {
    return proofWanted;
  }

  /** The answer is awaited for a few round trips only. */
  void limit(long fromNanos, long rttNanos) {
    long knownNanos = rttNanos == 0 ? UNKNOWN_RTT_NANOS : rttNanos;
    hasProofLimit = true;
    proofNanos =
        fromNanos
            + Math.max(
                LEAST_PROOF_NANOS, Math.min(MOST_PROOF.toNanos(), PROOF_ROUND_TRIPS * knownNanos));
  }

  boolean isLimitOver(long nowNanos) {
    return hasProofLimit && nowNanos - proofNanos >= 0;
  }

  /** Whether the kernel is to be read now; the pauses in between grow up to those of a suspect. */
  boolean isKernelDue(long nowNanos) {
    return nowNanos - kernelNanos >= 0;
  }

  /** The kernel was told to ask, and will know soon. */
  void onTcpKeepaliveProbe(long nowNanos) {
    kernelPauseNanos = NUDGE_EVERY_NANOS;
    kernelNanos = nowNanos + kernelPauseNanos;
  }

  /**
   * The kernel was told to ask again. A read ends its probing, and one in the same turn of the loop
   * would end it before the probe left.
   */
  void onTcpKeepaliveProbeAgain(long nowNanos) {
    kernelPauseNanos = KERNEL_EVERY_NANOS;
    kernelNanos = nowNanos + kernelPauseNanos;
  }

  /**
   * Schedules the next read of tcp_info, with a pause that doubles up to {@link
   * #KERNEL_EVERY_NANOS}.
   */
  void onKernelRead(long nowNanos) {
    kernelPauseNanos = Math.min(KERNEL_EVERY_NANOS, 2 * kernelPauseNanos);
    kernelNanos = nowNanos + kernelPauseNanos;
  }

  void onAck(long atNanos) {
    if (atNanos - ackNanos > 0) {
      ackNanos = atNanos;
      lateProbeForgiven = false;
    }
    lastWordAsked = false;
  }

  /** Whether the kernel is to be read before the verdict: said once, lest nothing be decided. */
  boolean needsFinalRead() {
    boolean missing = !lastWordAsked;
    lastWordAsked = true;
    return missing;
  }

  /**
   * Whether the kernel's answer is the answer, which it is to nothing but the kernel's question.
   */
  boolean isAnsweredBy(TcpInfo kernel, int unansweredPings) {
    return asked
        && unansweredPings == 0
        && !hopAlone
        && !kernel.isAckPending()
        && ackNanos - askedNanos >= 0;
  }

  /** The hop is known to answer PINGs itself, and nothing came from beyond it. */
  void suspectHop() {
    hopAlone = true;
  }

  boolean isHopSuspected() {
    return hopAlone;
  }

  void onReplacement(ReplacementState fate) {
    replacement = fate;
  }

  /** We did not run for a while: the peer gets that time back, and some to answer a new probe. */
  void extendDeadlines(long nowNanos, long lateNanos) {
    graceNanos = nowNanos + options.spacing().toNanos();
    askedNanos += lateNanos;
    quietNanos += lateNanos;
    ackNanos += lateNanos;
    proofNanos += lateNanos + LEAST_PROOF_NANOS;
  }

  /** When a suspect that was asked is given up. */
  long closeNanos() {
    boolean limited = isHeldForReplacement() || isHardLimitFirst();
    return latest(limited ? hardLimitNanos() : windowEndNanos(), graceNanos);
  }

  private long hardLimitNanos() {
    return latest(askedNanos, quietNanos) + options.hardLimit().toNanos();
  }

  private boolean isHardLimitFirst() {
    return windowEndNanos() - hardLimitNanos() > 0;
  }

  boolean isCloseDue(long nowNanos) {
    return asked && nowNanos - closeNanos() >= 0;
  }

  /** The time until which a suspect peer that acknowledges nothing is kept. */
  long windowEndNanos() {
    return latest(latest(askedNanos, quietNanos), ackNanos) + options.window().toNanos();
  }

  /** Whether closing would gain nothing: no new connection comes about, or none did so far. */
  boolean isHeldForReplacement() {
    return replacement == ReplacementState.CONNECTING
        || replacement == ReplacementState.UNREACHABLE;
  }

  /** The suspicion's reason when the answer did not arrive in time. */
  CloseReason missed() {
    return proofWanted ? CloseReason.PROOF_MISSED : CloseReason.PROBE_MISSED;
  }

  /**
   * The close reason when the connection is given up. A peer is stuck if it acknowledged until the
   * hard limit. The time of the verdict is of no account: on a busy machine the last ACK is old by
   * then.
   */
  CloseReason closeReason() {
    if (isHardLimitFirst() && ackNanos - askedNanos > 0) {
      return CloseReason.PEER_STUCK;
    }
    return isHeldForReplacement() ? CloseReason.PATH_DOWN : CloseReason.PEER_SILENT;
  }

  /** When to check again while the connection is PROBING. */
  long nextProbingNanos(boolean readsKernel) {
    long next = hasProofLimit ? earliest(probeNanos, proofNanos) : probeNanos;
    return readsKernel ? earliest(next, kernelNanos) : next;
  }

  /** When to check again while the connection is SUSPECT. */
  long nextSuspectNanos(boolean readsKernel) {
    long next = asked ? earliest(probeNanos, closeNanos()) : probeNanos;
    return readsKernel ? earliest(next, kernelNanos) : next;
  }

  static long latest(long a, long b) {
    return a - b > 0 ? a : b;
  }

  static long earliest(long a, long b) {
    return a - b < 0 ? a : b;
  }
}
