package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.SessionState;
import java.time.Duration;

/**
 * The way of a server-streaming session through hops that pass a request on only when it is
 * complete. The first attachment is one; each later one is half-closed when nobody answers it, and
 * at once when that has helped before. Its hello acknowledges and gives credit, and the server goes
 * on to the end of that credit; then the next attachment follows.
 *
 * <p>Only a session that has nothing more to send than acks can go this way.
 */
@PureCore
final class HalfDuplexPath {
  /** A server may be slow once; an answer after the half-close twice in a row is the path. */
  private static final int PROOFS = 2;

  /** A path that was only slow for a while is found out within a minute. */
  private static final Duration VALID = Duration.ofMinutes(1);

  private boolean possible;
  private int proofs;
  private long provedNanos;

  /**
   * The session begins. A server without sessions, to which a later attachment may come, would take
   * a half-closed call of another kind for a whole one.
   */
  void begin(MethodKind kind) {
    possible = kind == MethodKind.SERVER_STREAMING;
  }

  /**
   * An attachment was welcomed.
   *
   * @param ended whether the application knows the end, which is to be acknowledged soon
   */
  void onAnswered(long nowNanos, StreamAttachment attachment, boolean ended) {
    if (attachment.opening().first) {
      return;
    }
    if (!attachment.outbound.halfClosed) {
      proofs = 0;
    } else if (proofs < PROOFS) {
      proofs++;
      provedNanos = nowNanos;
    }
    attachment.outbound.sparing = attachment.outbound.halfClosed && !ended;
  }

  /** An attempt came to nothing: whether answers come behind the half-close is to be seen again. */
  void onFailed() {
    proofs = 0;
  }

  /** Whether to half-close an attachment that is not answered. */
  boolean isHalfCloseDue(long nowNanos, StreamSession session, StreamAttachment opening) {
    if (isProved() && nowNanos - provedNanos >= VALID.toNanos()) {
      proofs = 0;
    }
    return applies(session, opening)
        && (isProved() || EarliestDeadline.isOver(nowNanos, silentUntilNanos(session, opening)));
  }

  void addDeadlines(
      EarliestDeadline earliestDeadline, StreamSession session, StreamAttachment opening) {
    if (applies(session, opening) && !isProved()) {
      earliestDeadline.at(silentUntilNanos(session, opening));
    }
  }

  private boolean isProved() {
    return proofs >= PROOFS;
  }

  private boolean applies(StreamSession session, StreamAttachment opening) {
    return possible
        && !opening.opening().first
        && !opening.opening().resumeQueued
        && !opening.plain
        && !opening.outbound.halfClosed
        && session.state() != SessionState.RACING
        && session.sendBuffer.isSettled()
        && session.wantedFlags() == 0;
  }

  private static long silentUntilNanos(StreamSession session, StreamAttachment opening) {
    return opening.opening().helloSentNanos + session.options.timing().assumePlain().toNanos();
  }
}
