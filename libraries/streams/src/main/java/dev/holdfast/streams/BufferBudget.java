package dev.holdfast.streams;

import dev.holdfast.core.annotation.Limit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory limit that sessions share, in bytes, on top of one message each. By default all
 * sessions of a process share one, {@link #ofProcess}.
 *
 * <p>The memory is shared by dynamic thresholds (Choudhury and Hahne, 1998): a buffer may grow as
 * long as it is smaller than a fixed fraction of the free memory. Buffers that drain converge to
 * equal shares. Buffers that never drain keep what they took, and a thousand of them would take
 * everything. So a part is reserved for draining buffers. Such a buffer may hold as much of that
 * part as has left it before, which doubles with each round trip, as in TCP slow start. The buffer
 * of a detached session does not drain.
 *
 * <p>A session above the threshold is not ready, gives no credit and reads no more. A session that
 * holds nothing may always take one message, so that none waits for another. No message is dropped.
 * Thread-safe.
 */
public final class BufferBudget {
  @Limit(
      of = "bytes that all sessions of a process hold together, unless it is told another number",
      then = "who holds something is not ready, gives no credit and is not read")
  static final long DEFAULT_BYTES = 256L * 1024 * 1024;

  @Limit(
      of = "the same as a part of the heap: one in",
      then = "a small heap makes the number of bytes smaller")
  static final int DEFAULT_PART_OF_HEAP = 4;

  @Limit(
      of = "what one buffer of a session may hold, as a part of the free bytes: one in",
      then = "the session is not ready, gives no credit and is not read")
  static final int PART_OF_FREE = 64;

  @Limit(
      of =
          "what is reserved for buffers from which bytes have left, as a part of the budget: one"
              + " in",
      then = "a buffer that nobody empties holds what is below it, and one message beyond")
  static final int RESERVED_PART = 2;

  @Limit(
      of =
          "what servers have asked clients for ahead, each message counted as 4 MiB, as a part of"
              + " the budget: one in",
      then = "they ask for one message at a time")
  public static final int AHEAD_PART = 4;

  /** The largest message that grpc-java takes, unless it is told another size. */
  private static final long AHEAD_BYTES = 4 << 20;

  private static final BufferBudget OF_PROCESS = standard();

  private final long limitBytes;
  private final AtomicLong heldBytes = new AtomicLong();
  private final AtomicLong aheadBytes = new AtomicLong();

  /** Creates a budget of {@code limitBytes}; at least 1. */
  public BufferBudget(long limitBytes) {
    if (limitBytes < 1) {
      throw new IllegalArgumentException("limitBytes: " + limitBytes + " (expected: >= 1)");
    }
    this.limitBytes = limitBytes;
  }

  /** Creates a budget of 256 MiB or a quarter of the heap, whichever is less. */
  public static BufferBudget standard() {
    long heapBytes = Runtime.getRuntime().maxMemory();
    return new BufferBudget(Math.min(DEFAULT_BYTES, heapBytes / DEFAULT_PART_OF_HEAP));
  }

  /** The budget that all sessions of this process share unless they are given another. */
  public static BufferBudget ofProcess() {
    return OF_PROCESS;
  }

  /** The bytes that may be held. */
  public long limitBytes() {
    return limitBytes;
  }

  /** The number of bytes held now. */
  public long heldBytes() {
    return heldBytes.get();
  }

  /**
   * Whether a buffer may take more.
   *
   * @param ofBufferBytes what it holds
   * @param flowedBytes what has left it since its session was attached
   */
  public boolean hasRoom(long ofBufferBytes, long flowedBytes) {
    long freeBytes = limitBytes - heldBytes.get() - aheadBytes.get();
    long unreservedBytes = freeBytes - limitBytes / RESERVED_PART;
    return ofBufferBytes * PART_OF_FREE
        < (ofBufferBytes < flowedBytes ? freeBytes : unreservedBytes);
  }

  public void take(long bytes) {
    heldBytes.addAndGet(bytes);
  }

  public void giveBack(long bytes) {
    heldBytes.addAndGet(-bytes);
  }

  /** Whether one more message of unknown size may be asked for; if so it counts until it comes. */
  public boolean takeAhead() {
    boolean taken = aheadBytes.addAndGet(AHEAD_BYTES) <= limitBytes / AHEAD_PART;
    if (!taken) {
      giveAheadBack();
    }
    return taken;
  }

  public void giveAheadBack() {
    aheadBytes.addAndGet(-AHEAD_BYTES);
  }

  /** The bytes that may come of what was asked for ahead. */
  public long aheadBytes() {
    return aheadBytes.get();
  }
}
