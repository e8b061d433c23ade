package dev.holdfast.liveness;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.annotation.PureCore;
import org.jspecify.annotations.Nullable;

/**
 * The liveness state machine of one connection. It decides from the peer's silence when to probe,
 * when to suspect and when to close.
 *
 * <p>A missed answer makes a connection SUSPECT and never closes it. A connection is not closed
 * while ACKs come within the window, nor while its replacement could not connect either; the hard
 * limit ends both exceptions. A peer that was not asked is never given up. Time in which this
 * process did not run does not count as silence. A probe never earns a fatal strike ({@link
 * PingBudget}). {@link LivenessState} has the transition table.
 *
 * <p>Not thread-safe. The owner calls {@link #onTraffic} before every other input, so that a read
 * costs an assignment and not a call. Afterwards it takes the outputs: {@link #poll} until null,
 * and {@link #nextDeadlineNanos}.
 */
@PureCore
class LivenessMonitor extends PendingOutputs {

  private final LivenessOptions options;
  private final PingBudget budget;
  private final IdleTimers idleTimers;
  private final boolean hasKernel;
  private LivenessState state = LivenessState.OPENING;
  private @Nullable CloseReason closeReason;

  /** The current probe sequence; null except in PROBING and SUSPECT. */
  private @Nullable ProbeSequence probeSequence;

  private long deadlineNanos;
  private long rttNanos;

  /**
   * Creates the monitor of a connection that is being opened.
   *
   * @param hasKernel whether READ_KERNEL and NUDGE are possible
   */
  LivenessMonitor(
      long nowNanos, LivenessOptions options, ConnectionRole connectionRole, boolean hasKernel) {
    this.options = options;
    this.budget = new PingBudget(nowNanos, options, connectionRole);
    this.idleTimers = new IdleTimers(nowNanos, options, hasKernel);
    this.hasKernel = hasKernel;
    deadlineNanos = nowNanos + options.connectWithin().toNanos();
  }

  /** The peer's SETTINGS were seen. */
  void onSettings(long nowNanos) {
    if (state == LivenessState.OPENING) {
      state = LivenessState.LIVE;
      idleTimers.end(nowNanos, false);
      if (hasKernel) {
        emit(LivenessOutput.READ_TCP_INFO);
      }
      rearm(nowNanos);
    }
  }

  /**
   * Reports the traffic on the connection so far. Each time is that of the last such event.
   *
   * @param readNanos when a byte last arrived
   * @param sentNanos when anything was last written
   * @param frameNanos when HEADERS or DATA last arrived
   * @param openCalls the number of open streams
   */
  void onTraffic(long nowNanos, long readNanos, long sentNanos, long frameNanos, int openCalls) {
    if (idleTimers.isGap(nowNanos - deadlineNanos)) {
      onGap(nowNanos, nowNanos - deadlineNanos);
    }
    IdleTimers.TrafficKind trafficKind =
        idleTimers.onTraffic(nowNanos, readNanos, sentNanos, frameNanos, openCalls);
    budget.onCallFrame(idleTimers.callFrameNanos());
    if (trafficKind == IdleTimers.TrafficKind.NOTHING
        || probeSequence == null
        || idleTimers.lastReceivedNanos() - probeSequence.sinceNanos() < 0) {
      return;
    }
    if (probeSequence.isHopSuspected() && trafficKind != IdleTimers.TrafficKind.CALL_FRAME) {
      probeSequence.onHopAnswer();
    } else {
      proven(nowNanos, probeSequence);
    }
    rearm(nowNanos);
  }

  /** Reports a write; needed only while {@link #needsWriteEvents}. */
  void onWritten(long nowNanos) {
    if (needsWriteEvents()) {
      idleTimers.onWritten(nowNanos);
      rearm(nowNanos);
    }
  }

  /** Whether the next write must be told at once, because nothing watches over its ACK so far. */
  boolean needsWriteEvents() {
    return state == LivenessState.LIVE && !idleTimers.isAwaitingAck();
  }

  /**
   * Reports the answer to a PING of this monitor.
   *
   * @param roundTripNanos the measured round trip; zero when it is not known
   */
  void onAnswered(long nowNanos, long roundTripNanos) {
    rttNanos = roundTripNanos > 0 ? roundTripNanos : rttNanos;
    budget.onAnswered(nowNanos);
  }

  /** Reports the answer to a PING that another part of the program sent. */
  void onForeignAnswered(long nowNanos) {
    budget.onForeignAnswered(nowNanos);
  }

  /** Reports the TCP state that the kernel was asked for. */
  void onTcpInfo(long nowNanos, TcpInfo kernel) {
    if (kernel.rttNanos() > 0) {
      rttNanos = kernel.rttNanos();
    }
    if (state == LivenessState.LIVE && kernel.isUnresponsive()) {
      ProbeSequence open = begin(nowNanos);
      open.ask(nowNanos);
      suspect(nowNanos, open, CloseReason.DATA_UNACKED);
    } else if (probeSequence != null) {
      onTcpInfo(nowNanos, kernel, probeSequence);
    } else if (!kernel.isAckPending()) {
      idleTimers.onAcked();
    } else if (kernel.isRetransmitting()) {
      idleTimers.postponeAckCheck(nowNanos, ProbeSequence.KERNEL_SOON_NANOS);
    }
    rearm(nowNanos);
  }

  /** A call waits for a liveness check; what was heard before the machine woke is none. */
  void onLivenessCheck(long nowNanos, long wokeNanos) {
    if (state == LivenessState.LIVE) {
      if (idleTimers.isSafe(nowNanos, wokeNanos)) {
        emit(LivenessOutput.PROVEN);
      } else {
        prove(nowNanos);
      }
    } else if (state == LivenessState.PROBING
        && probeSequence != null
        && !probeSequence.isProofWanted()) {
      probeSequence.wantProof();
      probeSequence.limit(probeSequence.sinceNanos(), rttNanos);
      onProbingTimeout(nowNanos, probeSequence);
    }
    rearm(nowNanos);
  }

  /** The machine slept until then: peers of open calls are asked, whatever was heard before. */
  void onWoke(long nowNanos, long wokeNanos) {
    boolean doubtful =
        state == LivenessState.LIVE && idleTimers.hasCalls() && !idleTimers.isHeardSince(wokeNanos);
    if (doubtful && (hasKernel || mayPing(nowNanos))) {
      askNow(nowNanos);
      rearm(nowNanos);
    }
  }

  /** Reports the state of the replacement connection. */
  void onReplacement(long nowNanos, ReplacementState fate) {
    if (probeSequence != null) {
      probeSequence.onReplacement(fate);
      rearm(nowNanos);
    }
  }

  /** Reports that the connection is closed. */
  void onClosed() {
    state = LivenessState.CLOSED;
    probeSequence = null;
    forgetOutputs();
  }

  /**
   * Time has passed; to be called at {@link #nextDeadlineNanos}, and harmless at any other time.
   */
  void onTimeout(long nowNanos) {
    if (nowNanos - deadlineNanos < 0) {
      return;
    }
    if (state == LivenessState.OPENING) {
      close(CloseReason.NO_SETTINGS);
    } else if (state == LivenessState.LIVE) {
      onLiveTimeout(nowNanos);
    } else if (state == LivenessState.PROBING && probeSequence != null) {
      onProbingTimeout(nowNanos, probeSequence);
    } else if (probeSequence != null) {
      onSuspectTimeout(nowNanos, probeSequence);
    }
    rearm(nowNanos);
  }

  /** When {@link #onTimeout} is due; without a meaning once CLOSED. */
  long nextDeadlineNanos() {
    return deadlineNanos;
  }

  LivenessState state() {
    return state;
  }

  /** The reason for which the connection was last suspected or closed. */
  @Nullable CloseReason closeReason() {
    return closeReason;
  }

  /** Whether an answer is awaited: the next byte must be told at once. */
  boolean isAwaitingAnswer() {
    return probeSequence != null;
  }

  boolean mayPing(long nowNanos) {
    return budget.mayPing(nowNanos, idleTimers.hasCalls());
  }

  ProbeSequence newQuestion(long nowNanos, long quietNanos) {
    return new ProbeSequence(nowNanos, quietNanos, options);
  }

  private void onTcpInfo(long nowNanos, TcpInfo kernel, ProbeSequence open) {
    open.onAck(nowNanos - kernel.ackAgeNanos());
    if (open.isAnsweredBy(kernel, budget.unanswered())) {
      proven(nowNanos, open);
    } else if (state == LivenessState.PROBING && kernel.isUnresponsive()) {
      suspect(nowNanos, open, CloseReason.DATA_UNACKED);
    } else if (state == LivenessState.SUSPECT) {
      if (kernel.isAckPending()) {
        open.ask(nowNanos);
      }
      if (open.isCloseDue(nowNanos)) {
        close(open.closeReason());
      }
    }
  }

  private void proven(long nowNanos, ProbeSequence answered) {
    boolean wasSuspect = state == LivenessState.SUSPECT;
    if (wasSuspect || answered.isProofWanted()) {
      emit(LivenessOutput.PROVEN);
    }
    state = LivenessState.LIVE;
    probeSequence = null;
    closeReason = null;
    idleTimers.end(nowNanos, wasSuspect);
  }

  private void prove(long nowNanos) {
    if (!mayPing(nowNanos) && !hasKernel) {
      suspect(nowNanos, begin(nowNanos), CloseReason.PROOF_MISSED);
      return;
    }
    ProbeSequence open = askNow(nowNanos);
    open.wantProof();
    open.limit(nowNanos, rttNanos);
  }

  /** Asks the peer by a PING, or by a TCP keepalive probe where no PING may be sent. */
  private ProbeSequence askNow(long nowNanos) {
    boolean mayPing = mayPing(nowNanos);
    ProbeSequence open = begin(nowNanos);
    if (mayPing) {
      probe(nowNanos, open);
    } else {
      open.onTcpKeepaliveProbe(nowNanos);
      open.ask(nowNanos);
      emit(LivenessOutput.TCP_KEEPALIVE_PROBE);
    }
    return open;
  }

  private ProbeSequence begin(long nowNanos) {
    ProbeSequence open = newQuestion(nowNanos, idleTimers.quietNanos());
    probeSequence = open;
    state = LivenessState.PROBING;
    return open;
  }

  private void probe(long nowNanos, ProbeSequence open) {
    budget.onSent();
    open.onProbe(nowNanos);
    open.ask(nowNanos);
    emit(LivenessOutput.PROBE);
  }

  /**
   * Asks again. Without probes there are no ACKs, so the kernel probes where no PING may be sent.
   */
  private void askAgain(long nowNanos, ProbeSequence open) {
    open.onProbe(nowNanos);
    if (mayPing(nowNanos)) {
      probe(nowNanos, open);
    } else if (hasKernel) {
      open.onTcpKeepaliveProbeAgain(nowNanos);
      emit(LivenessOutput.TCP_KEEPALIVE_PROBE);
    }
  }

  private void suspect(long nowNanos, ProbeSequence open, CloseReason reason) {
    state = LivenessState.SUSPECT;
    closeReason = reason;
    open.onSuspect(nowNanos);
    askAgain(nowNanos, open);
    emit(LivenessOutput.SUSPECT);
  }

  private void close(CloseReason reason) {
    state = LivenessState.CLOSED;
    probeSequence = null;
    closeReason = reason;
    forgetOutputs();
    emit(LivenessOutput.CLOSE);
  }

  private void onLiveTimeout(long nowNanos) {
    if (idleTimers.isHopSuspect(nowNanos)) {
      ProbeSequence open = begin(nowNanos);
      open.suspectHop();
      suspect(nowNanos, open, CloseReason.HOP_ANSWERS_ALONE);
      return;
    }
    if (idleTimers.isAckCheckDue(nowNanos)) {
      watch(nowNanos);
    }
    if (state == LivenessState.LIVE && idleTimers.isIdleDue(nowNanos)) {
      onIdle(nowNanos);
    }
  }

  /**
   * Checks an unanswered write: by tcp_info, which shows trouble first and costs the peer nothing,
   * or by a PING where the kernel can't be read.
   */
  private void watch(long nowNanos) {
    if (hasKernel) {
      idleTimers.postponeAckCheck(nowNanos, ProbeSequence.KERNEL_EVERY_NANOS);
      emit(LivenessOutput.READ_TCP_INFO);
    } else if (mayPing(nowNanos)) {
      askNow(nowNanos).limit(nowNanos, rttNanos);
    } else {
      idleTimers.postponeAckCheck(nowNanos, options.spacing().toNanos());
    }
  }

  private void onIdle(long nowNanos) {
    if (!budget.isSavedForCalls(idleTimers.hasCalls()) && mayPing(nowNanos)) {
      probe(nowNanos, begin(nowNanos));
    } else if (budget.unanswered() > 0) {
      // What was asked before the peer last spoke is still owed.
      begin(nowNanos).ask(nowNanos);
    } else {
      idleTimers.putOffIdle(nowNanos);
      if (hasKernel) {
        emit(LivenessOutput.READ_TCP_INFO);
      }
    }
  }

  private void onProbingTimeout(long nowNanos, ProbeSequence open) {
    if (open.isLimitOver(nowNanos) || open.isProbeDue(nowNanos)) {
      suspect(nowNanos, open, open.missed());
    } else if (hasKernel && open.isKernelDue(nowNanos)) {
      readKernel(nowNanos, open);
    }
  }

  private void onSuspectTimeout(long nowNanos, ProbeSequence open) {
    if (open.isProbeDue(nowNanos)) {
      askAgain(nowNanos, open);
    }
    if (open.isHopSuspected() && idleTimers.isHopDead(nowNanos)) {
      close(CloseReason.HOP_ANSWERS_ALONE);
    } else if (open.isCloseDue(nowNanos)) {
      if (hasKernel && open.needsFinalRead()) {
        readKernel(nowNanos, open);
      } else {
        close(open.closeReason());
      }
    } else if (hasKernel && open.isKernelDue(nowNanos)) {
      readKernel(nowNanos, open);
    }
  }

  private void readKernel(long nowNanos, ProbeSequence open) {
    open.onKernelRead(nowNanos);
    emit(LivenessOutput.READ_TCP_INFO);
  }

  /** We did not run for a while: what was asked before is asked again, with time to answer. */
  private void onGap(long nowNanos, long lateNanos) {
    if (state == LivenessState.OPENING) {
      deadlineNanos = nowNanos + options.connectWithin().toNanos();
    } else if (probeSequence != null) {
      probeSequence.extendDeadlines(nowNanos, lateNanos);
      askAgain(nowNanos, probeSequence);
      rearm(nowNanos);
    }
  }

  /**
   * Sets the next deadline. An overdue deadline becomes now: a deadline in the past would look like
   * a pause of this process.
   */
  private void rearm(long nowNanos) {
    if (state == LivenessState.LIVE) {
      deadlineNanos = ProbeSequence.latest(nowNanos, idleTimers.nextNanos());
    } else if (probeSequence != null) {
      long nextNanos =
          state == LivenessState.PROBING
              ? probeSequence.nextProbingNanos(hasKernel)
              : probeSequence.nextSuspectNanos(hasKernel);
      deadlineNanos = ProbeSequence.latest(nowNanos, nextNanos);
    }
  }
}
