package dev.holdfast.gateway.gzip;

import dev.holdfast.core.Limit;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.ArrayDeque;
import java.util.IdentityHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The turns in which one event loop inflates messages. A few bytes may become megabytes, so that a
 * turn has a budget; what is beyond it waits, one queue for each client, and clients take turns.
 * Between two turns the loop does other work for as long as the last one took.
 *
 * <p>For the thread of its event loop. The queue is bounded by the calls of the clients.
 */
public final class InflateTurns {
  @Limit(
      of = "bytes that each thread of the gateway inflates at once, beyond one message",
      then = "further messages wait for the next turn, where clients alternate")
  static final int TURN_BYTES = 262_144;

  private static final long LEAST_PAUSE_NANOS = 1_000_000;

  private static final FastThreadLocal<InflateTurns> OF_THREAD = new FastThreadLocal<>();

  private final EventExecutor loop;
  private final IdentityHashMap<Object, ArrayDeque<Runnable>> waiting = new IdentityHashMap<>();
  private final ArrayDeque<Object> order = new ArrayDeque<>();
  private long left = TURN_BYTES;
  private long begunNanos;
  private long busyNanos;
  private boolean pausing;

  private InflateTurns(EventExecutor loop) {
    this.loop = loop;
  }

  /** Those of the thread that asks; null where no call has wanted any. */
  public static @Nullable InflateTurns ofThread() {
    return OF_THREAD.getIfExists();
  }

  /** Those of the event loop that asks. */
  public static InflateTurns of(EventExecutor loop) {
    @Nullable InflateTurns known = OF_THREAD.getIfExists();
    if (known == null) {
      known = new InflateTurns(loop);
      OF_THREAD.set(known);
    }
    return known;
  }

  /** Whether a message may be inflated now. */
  public boolean isOpen() {
    if (!pausing && System.nanoTime() - begunNanos > LEAST_PAUSE_NANOS) {
      left = TURN_BYTES;
    }
    return left > 0;
  }

  /** Counts a message that was inflated, or could not be. */
  public void spent(int bytes, long nanos) {
    if (left == TURN_BYTES) {
      begunNanos = System.nanoTime() - nanos;
      busyNanos = 0;
    }
    left -= bytes;
    busyNanos += nanos;
    if (left <= 0) {
      pause();
    }
  }

  /**
   * Has something done in a turn.
   *
   * @param client whose it is; clients alternate
   * @param work inflates one message, and asks again if it has more
   */
  public void await(Object client, Runnable work) {
    ArrayDeque<Runnable> queue = waiting.get(client);
    if (queue == null) {
      queue = new ArrayDeque<>();
      waiting.put(client, queue);
      order.add(client);
    }
    queue.add(work);
    pause();
  }

  private void pause() {
    if (!pausing) {
      pausing = true;
      long nanos = Math.max(LEAST_PAUSE_NANOS, busyNanos);
      var unused = loop.schedule(this::turn, nanos, TimeUnit.NANOSECONDS);
    }
  }

  private void turn() {
    left = TURN_BYTES;
    busyNanos = 0;
    // What is begun in this turn and wants another one pauses again by itself.
    pausing = true;
    try {
      while (left > 0 && !order.isEmpty()) {
        next().run();
      }
    } finally {
      pausing = false;
      if (!order.isEmpty() || left <= 0) {
        pause();
      }
    }
  }

  /** The first of the next client, who goes behind the others. */
  private Runnable next() {
    Object client = order.remove();
    ArrayDeque<Runnable> queue = waiting.remove(client);
    if (queue == null || queue.isEmpty()) {
      return () -> {};
    }
    Runnable first = queue.remove();
    if (!queue.isEmpty()) {
      waiting.put(client, queue);
      order.add(client);
    }
    return first;
  }
}
