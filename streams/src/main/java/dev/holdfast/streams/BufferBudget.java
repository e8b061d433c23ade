package dev.holdfast.streams;

import dev.holdfast.core.Limit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The bytes that all sessions of a process may hold together, on top of one message each.
 *
 * <p>When they are used up, sessions that hold something are not ready and give no credit; one that
 * holds nothing may always take one message, so that none waits for another. Nothing is thrown out.
 * Thread-safe.
 */
public final class BufferBudget {
  @Limit(
      of = "bytes that all sessions of a process hold together, unless it is told another number",
      then = "who holds something is not ready and gives no credit")
  static final long DEFAULT_BYTES = 256L * 1024 * 1024;

  private final long limitBytes;
  private final AtomicLong heldBytes = new AtomicLong();

  /** With a limit; at least 1. */
  public BufferBudget(long limitBytes) {
    if (limitBytes < 1) {
      throw new IllegalArgumentException("limitBytes: " + limitBytes + " (expected: >= 1)");
    }
    this.limitBytes = limitBytes;
  }

  /** 256 MiB. */
  public static BufferBudget standard() {
    return new BufferBudget(DEFAULT_BYTES);
  }

  /** The bytes held now. */
  public long heldBytes() {
    return heldBytes.get();
  }

  boolean hasRoom() {
    return heldBytes.get() < limitBytes;
  }

  void take(long bytes) {
    heldBytes.addAndGet(bytes);
  }

  void giveBack(long bytes) {
    heldBytes.addAndGet(-bytes);
  }
}
