package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.BufferBudget;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SequencedMessage;
import dev.holdfast.streams.SessionRecord;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import org.jspecify.annotations.Nullable;

/**
 * The send buffer of one side: messages that the peer has not processed, by position, {@code acked
 * < low <= end + 1}. Positions begin at 1, ascend by one and are never reused.
 *
 * <p>The buffer is bounded: at its limits {@link #isReady} is false, and at twice the limits a
 * message is refused. An accepted message stays until the peer has processed it.
 */
@PureCore
public class SendBuffer {
  private static final int INITIAL_SLOTS = 2;

  @Limit(
      of = "bytes of the request that a client keeps for a hand-over, by stream",
      then = "the stream ends with MOVED instead of being handed over")
  static final int MAX_FIRST_BYTES = 64 << 10;

  private final int limitMessages;
  private final long limitBytes;
  private @Nullable SequencedMessage[] slots = new SequencedMessage[INITIAL_SLOTS];
  private long low = 1;
  private long end;
  private long acked;
  private long highestSent;
  private long heldBytes;

  /** Bytes that the peer has processed since the session was attached. */
  private long flowedBytes;

  private boolean finished;

  /** Whether the application knows that there was no room, and not yet that there is some again. */
  private boolean toldFull;

  /** Whether the first message is kept after its ack, and that message once it was released. */
  private boolean keepsFirst;

  private @Nullable SequencedMessage first;

  private long heldEnd = Long.MAX_VALUE;
  private @Nullable BufferBudget budget;

  /** The bytes that the budget knows of. */
  private long toldBytes;

  public SendBuffer(int limitMessages, long limitBytes) {
    this.limitMessages = limitMessages;
    this.limitBytes = limitBytes;
  }

  /** Begins where an earlier instance of the server stopped. */
  void restore(SessionRecord record) {
    low = record.acked() + 1;
    acked = record.acked();
    end = record.acked();
    for (SequencedMessage sequencedMessage : record.unacked()) {
      append(sequencedMessage.body(), sequencedMessage.flags(), sequencedMessage.status());
    }
    highestSent = end;
  }

  /** Counts what is held here among all sessions of the process. */
  void limitBy(BufferBudget shared) {
    budget = shared;
    hold(0);
  }

  /** A detached session's peer processes nothing, and of one that is over nothing is kept. */
  void onState(SessionState next) {
    if (!next.isAttached()) {
      flowedBytes = 0;
    }
    if (next.isTerminal()) {
      release(end);
      dropFirst();
    }
  }

  /** Keeps the first message until the end, unless it is large, so that it can be sent again. */
  void keepFirst() {
    keepsFirst = true;
  }

  /** Whether all that was sent, a first message and a half-close, can be sent again. */
  boolean mayRewind() {
    return end <= 2 && (first != null || at(1) != null);
  }

  /** Begins at position 1 again, with the first message and the half-close. */
  void rewind() {
    SequencedMessage again = first == null ? at(1) : first;
    if (again == null) {
      throw new IllegalStateException("the first message was released");
    }
    boolean last = finished;
    release(end);
    dropFirst();
    low = 1;
    end = 0;
    acked = 0;
    highestSent = 0;
    finished = false;
    append(again.body(), again.flags(), again.status());
    if (last) {
      finish(Flag.HALF_CLOSE, 0, Payload.EMPTY);
    }
  }

  private void dropFirst() {
    if (first != null) {
      hold(-first.body().sizeBytes());
      first = null;
    }
  }

  /** Whether the buffer is below its limits. */
  public boolean isReady() {
    return !finished && !isFull();
  }

  /**
   * As {@link #isReady()}, for the application, which expects a notification when there is room
   * again.
   */
  boolean askReady() {
    boolean ready = isReady();
    toldFull |= !ready;
    return ready;
  }

  /** Whether the application is to be told that more is welcome again; true once. */
  boolean takeReadyAgain() {
    boolean again = toldFull && isReady();
    toldFull &= !again;
    return again;
  }

  private boolean isFull() {
    return held() >= limitMessages || heldBytes >= limitBytes || !hasRoom(heldBytes);
  }

  private boolean hasRoom(long bytes) {
    // Who holds nothing may always take one, or it would wait for others.
    return budget == null || held() == 0 || budget.hasRoom(bytes, flowedBytes);
  }

  /** The application begins or ends to handle a message of the peer's. */
  void handling(boolean begins) {
    heldEnd = begins ? end() : Long.MAX_VALUE;
  }

  /**
   * The last position that a store may have. Messages that the application sends while it handles a
   * message are committed together with that message's position, or another instance would repeat
   * both. A sender that fills the buffer is not held up.
   */
  long endToCommit() {
    return isFull() ? end() : Math.min(heldEnd, end());
  }

  /** Takes a message, unless twice the limits are reached. */
  public boolean offer(Payload message) {
    boolean fits =
        held() < 2 * limitMessages
            && heldBytes + message.sizeBytes() <= 2 * limitBytes
            && hasRoom(heldBytes / 2);
    boolean taken = !finished && (fits || held() == 0);
    if (taken) {
      append(message, 0, 0);
    }
    toldFull |= !isReady();
    return taken;
  }

  /**
   * Drops the held messages and a half-close, and accepts messages again.
   *
   * @return the number of dropped messages
   */
  int reopen() {
    boolean last = finished && held() > 0;
    int messages = last ? held() - 1 : held();
    release(end);
    finished = false;
    return messages;
  }

  /** Takes the last position: a half-close or a final status. It always fits; only one counts. */
  public void finish(int flags, int status, Payload body) {
    if (!finished) {
      append(body, flags, status);
      finished = true;
    }
  }

  /**
   * Releases the messages that the peer has processed.
   *
   * @return false when the position is invalid, because it was never sent
   */
  public boolean ack(long upTo) {
    if (upTo > highestSent) {
      return false;
    }
    acked = Math.max(acked, upTo);
    long before = heldBytes;
    release(upTo);
    flowedBytes += before - heldBytes;
    return true;
  }

  /** Forgets positions that were written to a peer that will never acknowledge. */
  protected final void release(long upTo) {
    while (low <= upTo) {
      SequencedMessage sequencedMessage = slots[index(low)];
      slots[index(low)] = null;
      int sizeBytes = sequencedMessage == null ? 0 : sequencedMessage.body().sizeBytes();
      if (low == 1 && keepsFirst && sizeBytes <= MAX_FIRST_BYTES) {
        first = sequencedMessage;
      } else {
        hold(-sizeBytes);
      }
      low++;
    }
  }

  /** Returns the message at a position; null when it is not held. */
  public @Nullable SequencedMessage at(long seq) {
    return seq < low || seq > end ? null : slots[index(seq)];
  }

  /** The wire number of a position, which is the position itself. */
  public long numberOf(SequencedMessage sequencedMessage, StreamAttachment attachment) {
    return sequencedMessage.seq();
  }

  void onSent(long seq) {
    highestSent = Math.max(highestSent, seq);
  }

  /** The lowest position held; one more than the last when there is none. */
  public long low() {
    return low;
  }

  /** The highest position given so far. */
  public long end() {
    return end;
  }

  /** The highest position up to which the peer has processed everything. */
  public long acked() {
    return acked;
  }

  public long heldBytes() {
    return heldBytes;
  }

  /** The highest position that was written to a peer. */
  long sent() {
    return highestSent;
  }

  public int held() {
    return (int) (end + 1 - low);
  }

  /** Whether the last position was given. */
  public boolean isFinished() {
    return finished;
  }

  /** Whether the peer has processed everything up to the last position. */
  public boolean isSettled() {
    return finished && acked == end;
  }

  private void append(Payload body, int flags, int status) {
    if (held() == slots.length) {
      grow();
    }
    end++;
    slots[index(end)] = new SequencedMessage(end, body, flags, status);
    hold(body.sizeBytes());
    finished |= (flags & (Flag.FINAL | Flag.HALF_CLOSE)) != 0;
  }

  private void hold(long bytes) {
    heldBytes += bytes;
    if (budget != null) {
      toldBytes = BudgetShare.tell(budget, heldBytes, toldBytes);
    }
  }

  private void grow() {
    @Nullable SequencedMessage[] larger = new SequencedMessage[slots.length * 2];
    for (long seq = low; seq <= end; seq++) {
      larger[(int) (seq & (larger.length - 1))] = slots[index(seq)];
    }
    slots = larger;
  }

  private int index(long seq) {
    return (int) (seq & (slots.length - 1));
  }
}
