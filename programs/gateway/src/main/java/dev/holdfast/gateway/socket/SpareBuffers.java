package dev.holdfast.gateway.socket;

import dev.holdfast.core.annotation.Limit;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.ArrayDeque;

/**
 * The spare buffers of one thread. They are filled and freed within one turn of its event loop, so
 * that one connection after another uses the same memory, which is still in the CPU cache.
 */
public final class SpareBuffers {
  @Limit(
      of = "buffers that one thread keeps for what it reads and writes next",
      then = "more are freed")
  static final int MOST = 64;

  private static final int BYTES = 1_024;

  private static final FastThreadLocal<SpareBuffers> MINE =
      new FastThreadLocal<>() {
        @Override
        protected SpareBuffers initialValue() {
          return new SpareBuffers();
        }

        @Override
        protected void onRemoval(SpareBuffers spares) {
          spares.free.forEach(ByteBuf::release);
          spares.free.clear();
        }
      };

  private final ArrayDeque<ByteBuf> free = new ArrayDeque<>(MOST);

  private SpareBuffers() {}

  /** Frees the spare buffers of this thread. */
  public static void release() {
    MINE.remove();
  }

  /** Takes an empty, growing buffer, which the caller owns. */
  public static ByteBuf take() {
    ByteBuf spare = MINE.get().free.pollLast();
    return spare == null ? GatewayBuffers.ALLOCATOR.directBuffer(BYTES) : spare;
  }

  /**
   * Returns a buffer, which others may still hold.
   *
   * @param mostBytes the largest capacity that is kept
   */
  public static void give(ByteBuf buffer, int mostBytes) {
    ArrayDeque<ByteBuf> free = MINE.get().free;
    // Of other threads nobody says when they end, and what they keep would be lost with them.
    if (FastThreadLocalThread.currentThreadWillCleanupFastThreadLocals()
        && buffer.refCnt() == 1
        && buffer.capacity() <= mostBytes
        && free.size() < MOST) {
      free.addLast(buffer.clear());
    } else {
      buffer.release();
    }
  }
}
