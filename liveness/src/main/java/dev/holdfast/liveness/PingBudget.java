package dev.holdfast.liveness;

import dev.holdfast.core.Limit;
import dev.holdfast.core.PureCore;
import java.time.Duration;

/**
 * Whether a PING may be sent now without ever earning a fatal strike.
 *
 * <p>gRPC servers count PINGs they did not expect and close with {@code too_many_pings} at the
 * third. They forget all strikes with every HEADERS or DATA they write. So a client sends one PING
 * per HEADERS or DATA received since the last PING of anyone; or one when the server's permitted
 * spacing has passed since the last one was <em>answered</em>. Counting from the answer, and never
 * having two under way, matters on a path that holds PINGs back and delivers them in one burst.
 * Clients do not punish, so a server may have several under way. Not thread-safe.
 */
@PureCore
class PingBudget {
  @Limit(
      of = "unanswered PINGs of a server to one client (a client has one)",
      then = "no further PING until one is answered; the verdict is not put off")
  static final int MAX_UNANSWERED = 8;

  /** What gRPC servers permit while there are calls, when nobody says otherwise. */
  private static final Duration DEFAULT_PERMIT = Duration.ofMinutes(5);

  /** Over the permitted spacing: the peer's clock and the way there are not ours. */
  private static final double MARGIN = 1.1;

  private final LivenessOptions options;
  private final boolean punished;
  private long lastPingNanos;
  private long settledNanos;
  private long callFrameNanos;
  private int unanswered;

  PingBudget(long nowNanos, LivenessOptions options, Role role) {
    this.options = options;
    punished = role == Role.CLIENT;
    lastPingNanos = nowNanos;
    settledNanos = nowNanos;
    callFrameNanos = nowNanos;
  }

  /** The last HEADERS or DATA came then. */
  void onCallFrame(long atNanos) {
    callFrameNanos = atNanos;
  }

  /** A PING of ours is sent. */
  void onSent(long nowNanos) {
    lastPingNanos = nowNanos;
    unanswered++;
  }

  /** A PING of ours was answered. */
  void onAnswered(long nowNanos) {
    settledNanos = nowNanos;
    unanswered = Math.max(0, unanswered - 1);
  }

  /** A PING that another part of the program sent was answered: it used the same allowance. */
  void onForeignAnswered(long nowNanos) {
    lastPingNanos = nowNanos;
    settledNanos = nowNanos;
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
    boolean forgiven = callFrameNanos - lastPingNanos > 0;
    long permitNanos = (long) (options.pingPermit().orElse(DEFAULT_PERMIT).toNanos() * MARGIN);
    boolean permitted =
        (isPermitKnown() || hasCalls)
            && nowNanos - settledNanos >= permitNanos
            && nowNanos - lastPingNanos >= permitNanos;
    return unanswered == 0 && (forgiven || permitted);
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
