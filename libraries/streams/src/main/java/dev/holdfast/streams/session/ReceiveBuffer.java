package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.BufferBudget;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SequencedMessage;
import dev.holdfast.streams.SessionRecord;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.internal.Handshake;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The receive window of a session: messages from the peer by position, {@code committed <=
 * processed <= delivered <= received}.
 *
 * <p>A position is received in order or not at all, and delivered once. It is processed when the
 * application says so, and committed when that is durable. Only committed positions are
 * acknowledged.
 */
@PureCore
public class ReceiveBuffer {
  /** The result for an arriving position. */
  public enum ReceiveResult {
    /** The position is the next one. */
    ACCEPTED,
    /** The position was received before. */
    DUPLICATE,
    /** An earlier position is missing. */
    GAP,
    /** The position is invalid: absent, behind the last one, or beyond the credit. */
    PROTOCOL_ERROR
  }

  /** Each message makes the largest one before it count for so much less, one in. */
  private static final int FORGETS = 16;

  /**
   * The smallest window, in messages larger than the buffer: one is handled while the next one
   * arrives.
   */
  static final int LEAST_WINDOW = 2;

  /**
   * The size up to which a message counts as small, in bytes. A larger message costs more than the
   * saved thread switch.
   */
  private static final int SMALL_BYTES = 16 << 10;

  private final int windowMessages;
  private final long limitBytes;
  private final Deque<SequencedMessage> waiting = new ArrayDeque<>(1);
  private long received;
  private long duplicates;
  private long delivered;
  private long processed;
  private long committed;
  private long lastSeq = Long.MAX_VALUE;

  /** Whether the last position is that of an owner which moves the session. */
  private boolean moved;

  /** The position of an owner's last word, behind which another owner goes on; 0 for none. */
  private long movedSeq;

  private final SizeQueue inHand = new SizeQueue();
  private long waitingBytes;
  private long inHandBytes;
  private long processedBytes;
  private @Nullable BufferBudget budget;

  /** The bytes that the budget knows of. */
  private long toldBytes;

  private long granted;
  private int demand;

  /** The largest message of late; credit is given in messages and meant in bytes. */
  private long largeBytes;

  public ReceiveBuffer(int windowMessages, long limitBytes) {
    this.windowMessages = windowMessages;
    this.limitBytes = limitBytes;
    granted = window();
  }

  /** Begins where an earlier instance of the server stopped. */
  void restore(SessionRecord record) {
    received = record.processed();
    delivered = record.processed();
    processed = record.processed();
    committed = record.processed();
    granted = committed + window();
    if (record.halfClosed()) {
      lastSeq = record.processed();
    }
  }

  /** Takes a position, if it is the next one. */
  public ReceiveResult receive(long seq, int flags, int status, Payload body) {
    if (seq == 0) {
      return ReceiveResult.PROTOCOL_ERROR;
    }
    if (isDuplicate(seq)) {
      duplicates++;
      return ReceiveResult.DUPLICATE;
    }
    if (seq > received + 1) {
      return ReceiveResult.GAP;
    }
    boolean last = (flags & (Flag.FINAL | Flag.HALF_CLOSE)) != 0;
    boolean invited = last || seq <= Math.max(granted, Handshake.INITIAL_CREDIT);
    if (seq > lastSeq || !invited) {
      return ReceiveResult.PROTOCOL_ERROR;
    }
    accept(seq, flags, status, body);
    return ReceiveResult.ACCEPTED;
  }

  protected final void accept(long seq, int flags, int status, Payload body) {
    received = Math.max(received, seq);
    waiting.add(new SequencedMessage(seq, body, flags, status));
    waitingBytes += body.sizeBytes();
    largeBytes = Math.max(largeBytes - largeBytes / FORGETS, 1L + body.sizeBytes());
    tellBudget();
    if ((flags & (Flag.FINAL | Flag.HALF_CLOSE)) != 0) {
      lastSeq = seq;
      moved = (flags & Flag.MOVED) != 0;
    }
  }

  /** Whether this position was received before. */
  protected boolean isDuplicate(long seq) {
    return seq <= received;
  }

  /** The application wants so many messages more. */
  void request(long messages) {
    demand = (int) Math.min(demand + messages, Integer.MAX_VALUE);
  }

  /**
   * The next position for the application, which counts as delivered.
   *
   * @param plain whether it comes from a peer without sessions, which sends what was asked for
   */
  @Nullable SequencedMessage deliver(boolean plain) {
    SequencedMessage next = waiting.peek();
    if (next == null) {
      return null;
    }
    boolean last = (next.flags() & (Flag.FINAL | Flag.HALF_CLOSE)) != 0;
    if (!last) {
      // What an application asks for it may ask for by thousands.
      if (demand == 0 || (inHandBytes >= limitBytes && !plain)) {
        return null;
      }
      demand--;
    }
    waiting.remove();
    waitingBytes -= next.body().sizeBytes();
    delivered = next.seq();
    if (last) {
      processed(processed);
      tellBudget();
    } else {
      inHand.add(next.body().sizeBytes());
      inHandBytes += next.body().sizeBytes();
    }
    return next;
  }

  /** The application has processed everything up to here, which it had been given. */
  void processed(long upTo) {
    if (upTo < processed || upTo > delivered) {
      throw new IllegalArgumentException(
          "upTo: %d (expected: processed %d <= upTo <= delivered %d)"
              .formatted(upTo, processed, delivered));
    }
    for (long seq = processed; seq < upTo && !inHand.isEmpty(); seq++) {
      int sizeBytes = inHand.remove();
      inHandBytes -= sizeBytes;
      processedBytes += sizeBytes;
    }
    tellBudget();
    // Nobody processes a half-close or a status: the processing of all messages before it implies
    // it. Two owners' last words may follow each other.
    processed = upTo + 1 == movedSeq ? movedSeq : upTo;
    if (processed + 1 == lastSeq && delivered == lastSeq) {
      processed = lastSeq;
    }
  }

  /**
   * The last position was that of one owner only; the next one goes on behind it. Until that one
   * has welcomed the session, whatever comes behind the last position is the old owner's mistake.
   */
  void goOn() {
    movedSeq = lastSeq;
    lastSeq = Long.MAX_VALUE;
    moved = false;
  }

  /**
   * Whether an owner that moves the session has said its last word, and no other owner is there.
   */
  protected boolean isMoved() {
    return moved;
  }

  /** Whether {@link #goOn} is possible: all before an earlier one was processed. */
  boolean mayGoOn() {
    return processed >= movedSeq && delivered == lastSeq;
  }

  /** Commits all positions up to this one. */
  void commit(long upTo) {
    committed = Math.max(committed, upTo);
  }

  /** The handshake said which position the peer holds as its lowest: ours is our own. */
  protected void onHandshake(long peerLow) {}

  /** Drops the held messages when the session is over. */
  void onState(SessionState next) {
    if (next.isTerminal()) {
      clear();
    }
  }

  /** Forgets what the application was not given yet; what it has in hand counts no more. */
  void clear() {
    waiting.clear();
    waitingBytes = 0;
    inHand.clear();
    inHandBytes = 0;
    tellBudget();
  }

  protected final void moveTo(long position) {
    received = position;
    clear();
  }

  /** Counts what is held here among all sessions of the process. */
  void limitBy(BufferBudget shared) {
    budget = shared;
    tellBudget();
  }

  /** To be called when what is held has changed. */
  private void tellBudget() {
    if (budget != null) {
      toldBytes = BudgetShare.tell(budget, heldBytes(), toldBytes);
    }
  }

  /** The position that frames acknowledge. */
  public long ack() {
    return committed;
  }

  /** The processed position for handshakes and for the store. */
  public long watermark() {
    return committed;
  }

  /**
   * The lowest position that the peer must still hold. An owner that took the session over holds
   * nothing of what came from the owner before, though the application may have some in hand.
   */
  long firstNeeded() {
    return Math.max(watermark(), movedSeq) + 1;
  }

  /** The position that the next commit covers. */
  public long toCommit() {
    return processed;
  }

  /**
   * Messages that the peer may send ahead of what was processed: as many as fit into the buffer if
   * they are as large as those of late, and few before the first one.
   */
  int window() {
    long fitting = largeBytes == 0 ? Handshake.INITIAL_CREDIT : limitBytes / largeBytes;
    return (int) Math.min(windowMessages, Math.max(LEAST_WINDOW, fitting));
  }

  /** Whether the transport may be asked for one more message, however large. */
  protected boolean wantsMore() {
    // Without room one at a time goes on, and one in hand is one: the next could be as large.
    boolean idle = waiting.isEmpty() && inHand.isEmpty();
    return idle || (hasRoom() && (waiting.size() <= 1 || waitingBytes < 2 * limitBytes));
  }

  /** Whether a second message may be asked for, as those of late were small. */
  boolean mayAskAhead() {
    boolean small = largeBytes > 0 && largeBytes <= SMALL_BYTES;
    return small && hasRoom() && wantsMore();
  }

  /** Takes room for a second message, which counts as large; false when there is none. */
  boolean takeAhead() {
    return budget != null && budget.takeAhead();
  }

  void giveAheadBack() {
    if (budget != null) {
      budget.giveAheadBack();
    }
  }

  private boolean hasRoom() {
    return budget == null || budget.hasRoom(heldBytes(), processedBytes);
  }

  /** The highest position that may come; it never goes back. */
  long credit() {
    if (hasRoom() && waitingBytes < limitBytes) {
      granted = Math.max(granted, processed + window());
    } else if (waiting.isEmpty()) {
      // One at a time goes on, or this session would wait for others.
      granted = Math.max(granted, processed + 1);
    }
    return granted;
  }

  /** Accepts the positions up to this one, whatever credit was given. */
  protected void admit(long upTo) {
    granted = Math.max(granted, upTo);
  }

  public long received() {
    return received;
  }

  public long delivered() {
    return delivered;
  }

  public long processed() {
    return processed;
  }

  /** Positions that came more than once and were dropped. */
  long duplicates() {
    return duplicates;
  }

  /** Bytes of what waits for the application, and of what it has not processed yet. */
  public long heldBytes() {
    return waitingBytes + inHandBytes;
  }

  /** Bytes of all that was processed so far, of this instance's time. */
  long processedBytes() {
    return processedBytes;
  }

  /** Whether the last position was processed. */
  boolean isFinished() {
    return processed == lastSeq;
  }
}
