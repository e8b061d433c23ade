package dev.holdfast.gateway.resume;

import dev.holdfast.core.annotation.PureCore;
import org.jspecify.annotations.Nullable;

/**
 * The state machine of one resumable stream: which messages are kept, which one the reader gets
 * next, and when the upstream may send another. {@link ResumeState} has the states.
 *
 * <ul>
 *   <li>A reader that attaches behind position p gets p+1, p+2, .. and the end, without a gap, or
 *       is told that it comes too late.
 *   <li>A message that was never handed to a reader is never dropped before the stream is closed.
 *   <li>A reader that acknowledges loses nothing: only acknowledged messages are dropped.
 *   <li>Without a reader, the upstream waits once {@code bufferBytes} are kept.
 * </ul>
 *
 * <p>With a reader that does not acknowledge, messages that were handed to it stay in half of the
 * buffer. The other half is for messages that arrive while no reader is attached.
 *
 * <p>Inputs are followed by {@link #pollMessage}, {@link #pollEnd} and {@link
 * #takeUpstreamRequest}, until they give nothing more.
 */
@PureCore
class ResumeStateMachine {
  private static final long NEVER = Long.MAX_VALUE;

  private final ReplayLog log = new ReplayLog();
  private final long bufferBytes;
  private final long ttlNanos;
  private ResumeState state = ResumeState.READING;

  /** The number of the attached reader, or of the last one. */
  private long reader = 1;

  /** The position of the last message that the reader was handed. */
  private long sent;

  /** The position of the last message that any reader was handed; one more with the end. */
  private long handed;

  private long demand;
  private long deadlineNanos = NEVER;

  /** Whether a reader acknowledges positions. */
  private boolean acknowledged;

  /** Whether a reader knows the stream's id. */
  private boolean announced;

  /** Whether the upstream was asked for a message that has not arrived. */
  private boolean requested;

  /** Whether the upstream's call has ended. */
  private boolean complete;

  /** Whether the stream may outlive its reader. */
  private boolean keeps = true;

  /**
   * Creates the machine of a stream whose first reader, number 1, is attached.
   *
   * @param bufferBytes the bytes that are kept
   * @param ttlNanos for how long the stream is kept without a reader
   */
  ResumeStateMachine(long bufferBytes, long ttlNanos) {
    this.bufferBytes = bufferBytes;
    this.ttlNanos = ttlNanos;
  }

  ResumeState state() {
    return state;
  }

  /** The number of the attached reader, or of the last one. */
  long reader() {
    return reader;
  }

  /** The position of the last message that the reader was handed. */
  long sent() {
    return sent;
  }

  /** The position of the first message that is kept. */
  long firstKept() {
    return log.first();
  }

  /** The position of the last message that any reader was handed; one more with the end. */
  long handed() {
    return handed;
  }

  /** The position of the last message of the upstream. */
  long last() {
    return log.last();
  }

  long bytes() {
    return log.bytes();
  }

  /** Whether the upstream's call has ended. */
  boolean isComplete() {
    return complete;
  }

  /** The time at which {@link #onTimeout} is due; {@link Long#MAX_VALUE} for none. */
  long deadlineNanos() {
    return deadlineNanos;
  }

  /** The reader was told the id of the stream, so that it may come back. */
  void onAnnounced() {
    announced = true;
  }

  /**
   * Attaches a reader behind a position; the attached one is replaced.
   *
   * @param after the position of the last message that the reader has; the one behind the last if
   *     it has the end
   */
  AttachResult onAttach(long after) {
    if (after > handed) {
      return AttachResult.BEYOND;
    }
    if (after > log.last()) {
      if (state == ResumeState.DELIVERED) {
        // The end is known to its reader, so that nothing has to be replayed any more.
        log.removeUpTo(log.last());
      }
      return AttachResult.COMPLETE;
    }
    if (isTooLate(after)) {
      return AttachResult.TOO_LATE;
    }
    if (acknowledged) {
      // A reader that acknowledges comes back behind what it has processed.
      log.removeUpTo(after);
    }
    become(ResumeState.READING);
    reader++;
    sent = after;
    demand = 0;
    announced = true;
    deadlineNanos = NEVER;
    return AttachResult.ATTACHED;
  }

  /** The reader takes that many more messages. */
  void onDemand(long by, int messages) {
    if (isAttached(by)) {
      demand += messages;
    }
  }

  /**
   * The reader has processed all messages up to a position.
   *
   * @return false when it was not handed that many
   */
  boolean onAcknowledged(long by, long position) {
    if (!isAttached(by)) {
      return true;
    }
    if (position < 0 || position > sent) {
      return false;
    }
    acknowledged = true;
    log.removeUpTo(position);
    return true;
  }

  /** The reader is gone; a reader that was replaced changes nothing. */
  void onDetach(long by, long nowNanos) {
    if (isAttached(by)) {
      leave(ResumeState.AWAY, nowNanos);
    }
  }

  /** A message of the upstream; the array becomes the log's. */
  void onMessage(byte[] message) {
    requested = false;
    if (state != ResumeState.CLOSED) {
      log.add(message);
    }
  }

  /** The upstream's call has ended. */
  void onUpstreamEnd() {
    requested = false;
    complete = true;
  }

  /** The time has come, or the stream has to go before it. */
  void onTimeout(long nowNanos) {
    if (state.awaitsReader() && nowNanos - deadlineNanos >= 0) {
      close();
    }
  }

  /** The gateway drains: what has no reader ends, and the rest ends with its reader. */
  void onDrain() {
    keeps = false;
    if (state.awaitsReader()) {
      close();
    }
  }

  /** Ends the stream, if it has no reader. */
  void onEvicted() {
    if (state.awaitsReader()) {
      close();
    }
  }

  /** Drops the messages that the reader was handed, where they may be dropped. */
  void dropHistory() {
    if (state == ResumeState.READING && !acknowledged) {
      log.removeUpTo(sent);
    }
  }

  /** The next message for the reader, at position {@link #sent}; null for none. */
  byte @Nullable [] pollMessage() {
    if (state != ResumeState.READING || demand == 0 || sent == log.last()) {
      return null;
    }
    demand--;
    sent++;
    handed = Math.max(handed, sent);
    announced = true;
    byte[] message = log.at(sent);
    while (mayDropFirst()) {
      log.removeFirst();
    }
    return message;
  }

  /** Whether the reader gets the end now; it is detached then. */
  boolean pollEnd(long nowNanos) {
    if (state != ResumeState.READING || !complete || sent < log.last()) {
      return false;
    }
    announced = true;
    handed = log.last() + 1;
    leave(ResumeState.DELIVERED, nowNanos);
    return true;
  }

  /**
   * Whether one more message is to be requested from the upstream now.
   *
   * @param hasRoom whether other bounds than that of the stream leave room for messages without a
   *     reader
   */
  boolean takeUpstreamRequest(boolean hasRoom) {
    if (requested || complete) {
      return false;
    }
    boolean wanted =
        switch (state) {
          case READING -> demand > log.last() - sent && (!acknowledged || isBelowBuffer());
          case AWAY -> hasRoom && isBelowBuffer();
          case DELIVERED, CLOSED -> false;
        };
    requested = wanted;
    return wanted;
  }

  private void leave(ResumeState next, long nowNanos) {
    demand = 0;
    if (!announced || !keeps) {
      close();
    } else {
      become(next);
      deadlineNanos = deadlineFrom(nowNanos);
    }
  }

  // What follows is overridden by the mutants of the simulation alone.

  /** Whether a message behind a position is no longer kept. */
  boolean isTooLate(long after) {
    return after < log.first() - 1;
  }

  /** Whether the first message goes, now that a reader was handed one. */
  boolean mayDropFirst() {
    return !acknowledged && log.bytes() > bufferBytes / 2 && log.first() < sent;
  }

  /** Whether another message has room in the buffer. */
  boolean isBelowBuffer() {
    return log.bytes() < bufferBytes;
  }

  /** The time until which a stream is kept whose reader leaves. */
  long deadlineFrom(long nowNanos) {
    return nowNanos + ttlNanos;
  }

  /** Whether a reader is the attached one. */
  boolean isAttached(long by) {
    return state == ResumeState.READING && by == reader;
  }

  private void close() {
    become(ResumeState.CLOSED);
    deadlineNanos = NEVER;
    log.removeUpTo(log.last());
  }

  private void become(ResumeState next) {
    if (!state.mayBecome(next)) {
      throw new IllegalStateException("resumable stream: " + state + " -> " + next);
    }
    state = next;
  }
}
