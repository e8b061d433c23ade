package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.wire.SessionHandover;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The cursor of a server's session: the place from which a handler on another instance can go on.
 *
 * <p>A cursor is current while the handler has sent nothing and processed nothing behind it. Only
 * then is the session handed over: otherwise a message would be lost or sent twice.
 */
@PureCore
public class SessionCursor {
  private byte @Nullable [] cursor;
  private long position;
  private long processed;
  private boolean replaysMessages;
  private long moves;
  private boolean handedOver;

  /** Whether the client takes hand-overs. */
  private boolean offered;

  /** Whether a handler of another instance may begin anew, as none has marked a cursor. */
  private boolean restartable;

  private boolean restarted;

  protected SessionCursor() {}

  /** The client takes hand-overs. */
  final void enable() {
    offered = true;
  }

  /** The method may be called again: without a cursor the next owner begins anew. */
  final void allowRestart() {
    restartable = true;
  }

  /** Begins where another instance stopped. */
  final void restore(SessionHandover handover) {
    cursor = handover.restarts() ? null : handover.cursor();
    restarted = handover.restarts();
    position = handover.position();
    processed = handover.processed();
    replaysMessages = handover.replays();
    moves = handover.moves();
  }

  /**
   * Sets the cursor.
   *
   * @param newPosition the last position of the server before the cursor
   * @param newProcessed the last position of the client that it covers
   * @param newReplaysMessages whether the next owner gets the client's messages from the first one
   *     on, whatever was processed
   */
  final void mark(
      byte[] newCursor, long newPosition, long newProcessed, boolean newReplaysMessages) {
    cursor = newCursor.clone();
    position = newPosition;
    processed = newProcessed;
    replaysMessages = newReplaysMessages;
  }

  /** Whether a hand-over may become possible, as the handler marks cursors and the client asks. */
  final boolean isUsed() {
    return cursor != null && offered;
  }

  /** Whether the handler did nothing behind the cursor. */
  protected boolean isCurrent(long end, long newProcessed) {
    return position == end && (replaysMessages || processed == newProcessed);
  }

  /**
   * Hands the session over; the final frame at the next position carries the result under a seal.
   *
   * @return null when there is no hand-over
   */
  final @Nullable SessionHandover handOver(long end, long newProcessed, boolean halfClosed) {
    byte[] bytes = cursor;
    if (!offered) {
      return null;
    }
    if (bytes == null && restartable) {
      handedOver = true;
      return SessionHandover.restart(end + 1, moves + 1);
    }
    if (bytes == null || !isCurrent(end, newProcessed)) {
      return null;
    }
    handedOver = true;
    return SessionHandover.of(
        end + 1,
        covered(newProcessed, replaysMessages),
        moves + 1,
        halfClosed && !replaysMessages,
        replaysMessages,
        bytes);
  }

  /** The last position of the client that the next owner does not get. */
  protected long covered(long newProcessed, boolean newReplaysMessages) {
    return newReplaysMessages ? 0 : newProcessed;
  }

  /** Whether the session belongs to another instance, or will as soon as its client goes there. */
  protected final boolean isHandedOver() {
    return handedOver;
  }

  /**
   * Whether a hand-over is later than what is here: the session was handed over, or was begun by an
   * earlier hand-over, of whose welcome its client never heard, so that it went on elsewhere.
   */
  protected boolean isBefore(SessionHandover handover) {
    return handedOver || moves < handover.moves();
  }

  /** Whether the session was begun by a hand-over. */
  final boolean isTakenOver() {
    return moves > 0;
  }

  /** The hand-overs before this instance. */
  final long moves() {
    return moves;
  }

  /** Whether the handler begins anew, and the messages of the owners before are not its own. */
  final boolean isRestarted() {
    return restarted;
  }

  /** The cursor that was marked last, here or by an earlier owner; empty when there is none. */
  final Optional<byte[]> cursor() {
    byte[] bytes = cursor;
    return bytes == null ? Optional.empty() : Optional.of(bytes.clone());
  }

  /** Whether the handler ends with the hand-over, before the client can go to the next owner. */
  protected boolean endsHandler() {
    return true;
  }

  /** Whether the handler waits until the client has shown that it came to stay. */
  protected boolean awaitsClient() {
    return true;
  }
}
