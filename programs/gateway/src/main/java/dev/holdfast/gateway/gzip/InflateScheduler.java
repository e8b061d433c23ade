package dev.holdfast.gateway.gzip;

import dev.holdfast.core.annotation.Limit;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.ArrayDeque;
import java.util.IdentityHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Time slices in which one event loop inflates messages, as a few bytes may inflate to megabytes.
 * Each slice has a byte budget. Work beyond it waits in one queue per client, served round robin.
 * Between two slices the loop is free for as long as the last slice took, and at least 1 ms.
 *
 * <p>Confined to its event loop. The calls of the clients bound the queues.
 */
public final class InflateScheduler {
  @Limit(
      of = "bytes that each thread of the gateway inflates at once, beyond one message",
      then = "further messages wait for the next turn, where clients alternate")
  static final int TURN_BYTES = 262_144;

  private static final long LEAST_PAUSE_NANOS = 1_000_000;

  private static final FastThreadLocal<InflateScheduler> OF_THREAD = new FastThreadLocal<>();

  private final EventExecutor loop;
  private final IdentityHashMap<Object, ArrayDeque<Runnable>> waiting = new IdentityHashMap<>();
  private final ArrayDeque<Object> order = new ArrayDeque<>();
  private long left = TURN_BYTES;
  private long begunNanos;
  private long busyNanos;
  private boolean pausing;

  private InflateScheduler(EventExecutor loop) {
    this.loop = loop;
  }

  /** The slices of the current thread; null where no call has needed them yet. */
  public static @Nullable InflateScheduler ofThread() {
    return OF_THREAD.getIfExists();
  }

  /** The slices of the event loop, which must be the current thread's; created on first use. */
  public static InflateScheduler of(EventExecutor loop) {
    @Nullable InflateScheduler known = OF_THREAD.getIfExists();
    if (known == null) {
      known = new InflateScheduler(loop);
      OF_THREAD.set(known);
    }
    return known;
  }

  /** Whether the current slice has budget left for a message. */
  public boolean hasBudget() {
    if (!pausing && System.nanoTime() - begunNanos > LEAST_PAUSE_NANOS) {
      left = TURN_BYTES;
    }
    return left > 0;
  }

  /**
   * Charges a message to the slice, whether or not it could be inflated.
   *
   * @param nanos the time that inflating took
   */
  public void charge(int bytes, long nanos) {
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
   * Queues work for a later slice.
   *
   * @param client the key of the queue; queues are served round robin
   * @param work inflates one message, and queues itself again if it has more
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

  /** The first work of the next client, which then goes to the end of the round. */
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
