package dev.holdfast.liveness;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.PureCore;
import org.jspecify.annotations.Nullable;

/**
 * The liveness state machine of one connection. It decides from the peer's silence when to probe,
 * when to suspect and when to close.
 *
 * <p>A missed answer makes a connection SUSPECT and never closes it. A connection is not closed
 * while ACKs come within the window, nor while its twin could not connect either; the hard limit
 * ends both exceptions. A peer that was not asked is never given up. Time in which this process did
 * not run does not count as silence. A probe never earns a fatal strike ({@link PingBudget}).
 * {@link LivenessState} has the transition table.
 *
 * <p>Not thread-safe. The owner calls {@link #onTraffic} before every other input, so that a read
 * costs an assignment and not a call. Afterwards it takes the outputs: {@link #poll} until null,
 * and {@link #nextDeadlineNanos}.
 */
@PureCore
class LivenessMonitor extends PendingOutputs {

  private final LivenessOptions options;
  private final PingBudget budget;
  private final Silence silence;
  private final boolean hasKernel;
  private LivenessState state = LivenessState.OPENING;
  private @Nullable CloseReason why;

  /** The current probe sequence; null except in PROBING and SUSPECT. */
  private @Nullable Question question;

  private long deadlineNanos;
  private long rttNanos;

  /**
   * Creates the monitor of a connection that is being opened.
   *
   * @param hasKernel whether READ_KERNEL and NUDGE are possible
   */
  LivenessMonitor(long nowNanos, LivenessOptions options, Role role, boolean hasKernel) {
    this.options = options;
    this.budget = new PingBudget(nowNanos, options, role);
    this.silence = new Silence(nowNanos, options, hasKernel);
    this.hasKernel = hasKernel;
    deadlineNanos = nowNanos + options.connectWithin().toNanos();
  }

  /** The peer's SETTINGS were seen. */
  void onSettings(long nowNanos) {
    if (state == LivenessState.OPENING) {
      state = LivenessState.LIVE;
      silence.end(nowNanos, false);
      if (hasKernel) {
        emit(LivenessOutput.READ_KERNEL);
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
    if (silence.isGap(nowNanos - deadlineNanos)) {
      onGap(nowNanos, nowNanos - deadlineNanos);
    }
    Silence.News news = silence.onTraffic(nowNanos, readNanos, sentNanos, frameNanos, openCalls);
    budget.onCallFrame(silence.callFrameNanos());
    if (news == Silence.News.NOTHING
        || question == null
        || silence.lifeNanos() - question.sinceNanos() < 0) {
      return;
    }
    if (question.isHopDoubted() && news != Silence.News.CALL_FRAME) {
      question.onHopAnswer();
    } else {
      proven(nowNanos, question);
    }
    rearm(nowNanos);
  }

  /** Reports a write; needed only while {@link #wantsWrites}. */
  void onWritten(long nowNanos) {
    if (wantsWrites()) {
      silence.onWritten(nowNanos);
      rearm(nowNanos);
    }
  }

  /** Whether the next write must be told at once, because nothing watches over its ACK so far. */
  boolean wantsWrites() {
    return state == LivenessState.LIVE && !silence.isWatching();
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
  void onKernel(long nowNanos, KernelEvidence kernel) {
    if (kernel.rttNanos() > 0) {
      rttNanos = kernel.rttNanos();
    }
    if (state == LivenessState.LIVE && kernel.isTrouble()) {
      Question open = begin(nowNanos);
      open.ask(nowNanos);
      suspect(nowNanos, open, CloseReason.DATA_UNACKED);
    } else if (question != null) {
      onKernel(nowNanos, kernel, question);
    } else if (!kernel.isOwed()) {
      silence.onAcked();
    } else if (kernel.isHint()) {
      silence.putOffWatch(nowNanos, Question.KERNEL_SOON_NANOS);
    }
    rearm(nowNanos);
  }

  /** A call waits for a proof of life; what was heard before the machine woke is none. */
  void onProve(long nowNanos, long wokeNanos) {
    if (state == LivenessState.LIVE) {
      if (silence.isSafe(nowNanos, wokeNanos)) {
        emit(LivenessOutput.PROVEN);
      } else {
        prove(nowNanos);
      }
    } else if (state == LivenessState.PROBING && question != null && !question.isProofWanted()) {
      question.wantProof();
      question.limit(question.sinceNanos(), rttNanos);
      onProbingTimeout(nowNanos, question);
    }
    rearm(nowNanos);
  }

  /** The machine slept until then: peers of open calls are asked, whatever was heard before. */
  void onWoke(long nowNanos, long wokeNanos) {
    boolean doubtful =
        state == LivenessState.LIVE && silence.hasCalls() && !silence.isHeardSince(wokeNanos);
    if (doubtful && (hasKernel || mayPing(nowNanos))) {
      askNow(nowNanos);
      rearm(nowNanos);
    }
  }

  /** Reports the state of the twin connection. */
  void onTwin(long nowNanos, TwinState fate) {
    if (question != null) {
      question.onTwin(fate);
      rearm(nowNanos);
    }
  }

  /** Reports that the connection is closed. */
  void onClosed() {
    state = LivenessState.CLOSED;
    question = null;
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
    } else if (state == LivenessState.PROBING && question != null) {
      onProbingTimeout(nowNanos, question);
    } else if (question != null) {
      onSuspectTimeout(nowNanos, question);
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
  @Nullable CloseReason why() {
    return why;
  }

  /** Whether an answer is awaited: the next byte must be told at once. */
  boolean isAsking() {
    return question != null;
  }

  boolean mayPing(long nowNanos) {
    return budget.mayPing(nowNanos, silence.hasCalls());
  }

  Question newQuestion(long nowNanos, long quietNanos) {
    return new Question(nowNanos, quietNanos, options);
  }

  private void onKernel(long nowNanos, KernelEvidence kernel, Question open) {
    open.onAck(nowNanos - kernel.ackAgeNanos());
    if (open.isAnsweredBy(kernel, budget.unanswered())) {
      proven(nowNanos, open);
    } else if (state == LivenessState.PROBING && kernel.isTrouble()) {
      suspect(nowNanos, open, CloseReason.DATA_UNACKED);
    } else if (state == LivenessState.SUSPECT) {
      if (kernel.isOwed()) {
        open.ask(nowNanos);
      }
      if (open.isVerdictDue(nowNanos)) {
        close(open.verdict());
      }
    }
  }

  private void proven(long nowNanos, Question answered) {
    boolean wasSuspect = state == LivenessState.SUSPECT;
    if (wasSuspect || answered.isProofWanted()) {
      emit(LivenessOutput.PROVEN);
    }
    state = LivenessState.LIVE;
    question = null;
    why = null;
    silence.end(nowNanos, wasSuspect);
  }

  private void prove(long nowNanos) {
    if (!mayPing(nowNanos) && !hasKernel) {
      suspect(nowNanos, begin(nowNanos), CloseReason.PROOF_MISSED);
      return;
    }
    Question open = askNow(nowNanos);
    open.wantProof();
    open.limit(nowNanos, rttNanos);
  }

  /** Asks the peer by a PING, or by a TCP keepalive probe where no PING may be sent. */
  private Question askNow(long nowNanos) {
    boolean mayPing = mayPing(nowNanos);
    Question open = begin(nowNanos);
    if (mayPing) {
      probe(nowNanos, open);
    } else {
      open.onNudge(nowNanos);
      open.ask(nowNanos);
      emit(LivenessOutput.NUDGE);
    }
    return open;
  }

  private Question begin(long nowNanos) {
    Question open = newQuestion(nowNanos, silence.quietNanos());
    question = open;
    state = LivenessState.PROBING;
    return open;
  }

  private void probe(long nowNanos, Question open) {
    budget.onSent();
    open.onProbe(nowNanos);
    open.ask(nowNanos);
    emit(LivenessOutput.PROBE);
  }

  /**
   * Asks again. Without probes there are no ACKs, so the kernel probes where no PING may be sent.
   */
  private void askAgain(long nowNanos, Question open) {
    open.onProbe(nowNanos);
    if (mayPing(nowNanos)) {
      probe(nowNanos, open);
    } else if (hasKernel) {
      emit(LivenessOutput.NUDGE);
    }
  }

  private void suspect(long nowNanos, Question open, CloseReason reason) {
    state = LivenessState.SUSPECT;
    why = reason;
    open.onSuspect(nowNanos);
    askAgain(nowNanos, open);
    emit(LivenessOutput.SUSPECT);
  }

  private void close(CloseReason reason) {
    state = LivenessState.CLOSED;
    question = null;
    why = reason;
    forgetOutputs();
    emit(LivenessOutput.CLOSE);
  }

  private void onLiveTimeout(long nowNanos) {
    if (silence.isHopSuspect(nowNanos)) {
      Question open = begin(nowNanos);
      open.doubtHop();
      suspect(nowNanos, open, CloseReason.HOP_ANSWERS_ALONE);
      return;
    }
    if (silence.isWatchDue(nowNanos)) {
      watch(nowNanos);
    }
    if (state == LivenessState.LIVE && silence.isIdleDue(nowNanos)) {
      onIdle(nowNanos);
    }
  }

  /**
   * Checks an unanswered write: by tcp_info, which shows trouble first and costs the peer nothing,
   * or by a PING where the kernel can't be read.
   */
  private void watch(long nowNanos) {
    if (hasKernel) {
      silence.putOffWatch(nowNanos, Question.KERNEL_EVERY_NANOS);
      emit(LivenessOutput.READ_KERNEL);
    } else if (mayPing(nowNanos)) {
      askNow(nowNanos).limit(nowNanos, rttNanos);
    } else {
      silence.putOffWatch(nowNanos, options.spacing().toNanos());
    }
  }

  private void onIdle(long nowNanos) {
    if (!budget.isSavedForCalls(silence.hasCalls()) && mayPing(nowNanos)) {
      probe(nowNanos, begin(nowNanos));
    } else if (budget.unanswered() > 0) {
      // What was asked before the peer last spoke is still owed.
      begin(nowNanos).ask(nowNanos);
    } else {
      silence.putOffIdle(nowNanos);
      if (hasKernel) {
        emit(LivenessOutput.READ_KERNEL);
      }
    }
  }

  private void onProbingTimeout(long nowNanos, Question open) {
    if (open.isLimitOver(nowNanos) || open.isProbeDue(nowNanos)) {
      suspect(nowNanos, open, open.missed());
    } else if (hasKernel && open.isKernelDue(nowNanos)) {
      readKernel(nowNanos, open);
    }
  }

  private void onSuspectTimeout(long nowNanos, Question open) {
    if (open.isProbeDue(nowNanos)) {
      askAgain(nowNanos, open);
    }
    if (open.isHopDoubted() && silence.isHopDead(nowNanos)) {
      close(CloseReason.HOP_ANSWERS_ALONE);
    } else if (open.isVerdictDue(nowNanos)) {
      if (hasKernel && open.isLastWordMissing()) {
        readKernel(nowNanos, open);
      } else {
        close(open.verdict());
      }
    } else if (hasKernel && open.isKernelDue(nowNanos)) {
      readKernel(nowNanos, open);
    }
  }

  private void readKernel(long nowNanos, Question open) {
    open.onKernelRead(nowNanos);
    emit(LivenessOutput.READ_KERNEL);
  }

  /** We did not run for a while: what was asked before is asked again, with time to answer. */
  private void onGap(long nowNanos, long lateNanos) {
    if (state == LivenessState.OPENING) {
      deadlineNanos = nowNanos + options.connectWithin().toNanos();
    } else if (question != null) {
      question.forgive(nowNanos, lateNanos);
      askAgain(nowNanos, question);
      rearm(nowNanos);
    }
  }

  /**
   * Sets the next deadline. An overdue deadline becomes now: a deadline in the past would look like
   * a pause of this process.
   */
  private void rearm(long nowNanos) {
    if (state == LivenessState.LIVE) {
      deadlineNanos = Question.latest(nowNanos, silence.nextNanos());
    } else if (question != null) {
      long nextNanos =
          state == LivenessState.PROBING
              ? question.nextProbingNanos(hasKernel)
              : question.nextSuspectNanos(hasKernel);
      deadlineNanos = Question.latest(nowNanos, nextNanos);
    }
  }
}
