package dev.holdfast.streams;

import java.util.EnumSet;
import java.util.Set;

/**
 * The state of a session. {@link #next} is the transition table; any other transition is a bug and
 * throws.
 *
 * <pre>
 * NEW -> OPENING -> ATTACHED &lt;-> SUSPECT -> RACING -> ATTACHED
 *                   ATTACHED -> DRAIN -> HANDOVER -> ATTACHED
 *                   ATTACHED -> DETACHED -> RESUMING -> ATTACHED | LOST
 * any -> CLOSED
 * </pre>
 */
public enum SessionState {
  /** The session has sent nothing yet. */
  NEW(0),
  /** The first attachment was begun, and the peer has not answered. */
  OPENING(1),
  /** A single attachment carries the session. */
  ATTACHED(2),
  /** The attachment was silent for too long; it still carries the session. */
  SUSPECT(3),
  /** The attachment is still silent, and a second one was begun; the first to receive data wins. */
  RACING(4),
  /** The attachment works and is to be replaced. */
  DRAIN(5),
  /**
   * The successor of the attachment was begun; until it is accepted the old one carries the
   * session.
   */
  HANDOVER(6),
  /** No attachment; both sides keep what was not acknowledged. */
  DETACHED(7),
  /** The next attachment was begun and the peer has not answered. */
  RESUMING(8),
  /** The session could not be kept, and the application knows. */
  LOST(9),
  /** The session is over as the applications wanted it. */
  CLOSED(10);

  private final int code;

  SessionState(int code) {
    this.code = code;
  }

  /** The value of the meter that shows the state; it never changes its meaning. */
  public int code() {
    return code;
  }

  /** Whether the state is final. */
  public boolean isTerminal() {
    return this == LOST || this == CLOSED;
  }

  /** Whether an attachment carries the session. */
  public boolean isAttached() {
    return switch (this) {
      case ATTACHED, SUSPECT, RACING, DRAIN, HANDOVER -> true;
      default -> false;
    };
  }

  /** The states that may follow, besides LOST and CLOSED, which may follow all but themselves. */
  public Set<SessionState> next() {
    return switch (this) {
      case NEW -> EnumSet.of(OPENING);
      case OPENING -> EnumSet.of(ATTACHED, DETACHED);
      case ATTACHED -> EnumSet.of(SUSPECT, DRAIN, DETACHED);
      case SUSPECT -> EnumSet.of(ATTACHED, RACING, DRAIN, DETACHED);
      case RACING -> EnumSet.of(ATTACHED, SUSPECT, RESUMING, DETACHED);
      case DRAIN -> EnumSet.of(HANDOVER, ATTACHED, DETACHED);
      case HANDOVER -> EnumSet.of(ATTACHED, DRAIN, RESUMING, DETACHED);
      case DETACHED -> EnumSet.of(RESUMING);
      case RESUMING -> EnumSet.of(ATTACHED, DETACHED);
      case LOST, CLOSED -> EnumSet.noneOf(SessionState.class);
    };
  }

  /** Whether the table has this step. */
  public boolean mayBecome(SessionState next) {
    return next.isTerminal() ? !isTerminal() : next().contains(next);
  }
}
