package dev.holdfast.liveness;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;

/**
 * The rule whether a PING may be sent now without ever earning a fatal strike.
 *
 * <p>gRPC servers count PINGs they did not expect and close with {@code too_many_pings} at the
 * third. They forget all strikes with every HEADERS or DATA they write. Answers and frames come in
 * the order in which the server wrote them, so that the strikes it counts are those PINGs that were
 * answered since its last HEADERS or DATA, and those that are not answered yet. Of the latter there
 * may be one that gRPC itself sent to measure the bandwidth, which it does at DATA, one at a time.
 * A PING of ours is sent when it is the second of these at most, so usually one after each HEADERS
 * or DATA; or when the server's permitted spacing has passed since the last one was
 * <em>answered</em>. Counting answers, and never having two of ours under way, matters on a path
 * that holds PINGs back and delivers them in one burst. Clients do not punish, so a server may have
 * several under way. Not thread-safe.
 */
@PureCore
class PingBudget {
  @Limit(
      of = "unanswered PINGs of a server to one client (a client has one)",
      then = "no further PING until one is answered; the verdict is not put off")
  static final int MAX_UNANSWERED = 8;

  /** The ping spacing that gRPC servers permit by default while there are calls. */
  private static final Duration DEFAULT_PERMIT = Duration.ofMinutes(5);

  /** The factor over the permitted spacing: the peer's clock and the latency of the path differ. */
  private static final double MARGIN = 1.1;

  /** The third is fatal in grpc-java, the fourth in grpc-go and C-core. */
  private static final int FORGIVEN_STRIKES = 2;

  private final LivenessOptions options;
  private final boolean punished;

  /** The last answer to anybody's PING, whether that was gRPC's, and the answer before it. */
  private long settledNanos;

  private boolean settledForeign;
  private long settledBeforeNanos;
  private long callFrameNanos;
  private int unanswered;

  PingBudget(long nowNanos, LivenessOptions options, ConnectionRole connectionRole) {
    this.options = options;
    punished = connectionRole == ConnectionRole.CLIENT;
    // As if both were answered already: the first HEADERS or DATA gives the first allowance.
    settledNanos = nowNanos;
    settledBeforeNanos = nowNanos;
    callFrameNanos = nowNanos;
  }

  /** The last HEADERS or DATA came then. */
  void onCallFrame(long atNanos) {
    callFrameNanos = atNanos;
  }

  /** A PING of ours is sent. */
  void onSent() {
    unanswered++;
  }

  /** A PING of ours was answered. */
  void onAnswered(long nowNanos) {
    settled(nowNanos, false);
    unanswered = Math.max(0, unanswered - 1);
  }

  /** A PING that another part of the program sent was answered: it used the same allowance. */
  void onForeignAnswered(long nowNanos) {
    settled(nowNanos, true);
  }

  private void settled(long nowNanos, boolean foreign) {
    settledBeforeNanos = settledNanos;
    settledNanos = nowNanos;
    settledForeign = foreign;
  }

  /** PINGs of ours without an answer so far. */
  int unanswered() {
    return unanswered;
  }

  /**
   * Whether a PING may be sent now.
   *
   * @param hasCalls without calls the default permit of gRPC servers is two hours, so that only a
   *     known one counts
   */
  boolean mayPing(long nowNanos, boolean hasCalls) {
    if (!punished) {
      return unanswered < MAX_UNANSWERED;
    }
    long permitNanos = (long) (options.pingPermit().orElse(DEFAULT_PERMIT).toNanos() * MARGIN);
    boolean permitted = (isPermitKnown() || hasCalls) && nowNanos - settledNanos >= permitNanos;
    return unanswered == 0 && (permitted || strikes() < FORGIVEN_STRIKES);
  }

  /** The most strikes that the server may have counted, if no PING of this side is unanswered. */
  int strikes() {
    if (settledNanos - callFrameNanos < 0) {
      return 1; // perhaps one of gRPC's is under way
    }
    boolean only = settledBeforeNanos - callFrameNanos < 0;
    return only && settledForeign ? 1 : FORGIVEN_STRIKES;
  }

  /**
   * Whether the allowance should be kept for the proof before the next call: the one free PING of a
   * connection without calls is worth more then than now.
   */
  boolean isSavedForCalls(boolean hasCalls) {
    return punished && !isPermitKnown() && !hasCalls;
  }

  private boolean isPermitKnown() {
    return options.pingPermit().isPresent();
  }
}
