package dev.holdfast.gateway.limits;

import dev.holdfast.core.annotation.Limit;
import io.netty.util.internal.PlatformDependent;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The buffer memory that all connections of a process share: bytes for slow receivers, for requests
 * that may be retried, and for bodies that are needed whole. Thread-safe.
 *
 * <p>When the memory is full, the client connection that holds the most has its heaviest call ended
 * with RESOURCE_EXHAUSTED, until there is room. A connection below its fair share, the whole
 * divided by the number of holders, is spared.
 */
public final class GatewayMemory {
  @Limit(
      of = "bytes of others that a gateway keeps in all, in percent of the memory it may use",
      then = "the connections that hold the most have calls ended with RESOURCE_EXHAUSTED")
  static final int PERCENT = 50;

  /** The bytes that a connection may hold without counting as a holder. */
  @Limit(
      of = "bytes that a connection may keep although the gateway keeps as much as it may",
      then = "it counts among those that share the memory, and may have to give some back")
  public static final int FREE_BYTES = 16_384;

  private static final int WHOLE = 100;
  private static final GatewayMemory PROCESS =
      new GatewayMemory(
          Math.min(PlatformDependent.maxDirectMemory(), Runtime.getRuntime().maxMemory())
              / WHOLE
              * PERCENT);

  private final long limitBytes;
  private final AtomicLong leasedBytes = new AtomicLong();

  /**
   * The parts of the event loops; those of loops that have ended are dropped by the garbage
   * collector.
   */
  private final Set<LoopMemory> parts =
      Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

  /**
   * Creates a memory with a bound of its own.
   *
   * @param limitBytes at least 0
   */
  public GatewayMemory(long limitBytes) {
    if (limitBytes < 0) {
      throw new IllegalArgumentException("limitBytes: " + limitBytes + " (expected: >= 0)");
    }
    this.limitBytes = limitBytes;
  }

  /**
   * The memory of this process, bounded by half of what the JVM may use as direct memory or heap,
   * whichever is less.
   */
  public static GatewayMemory ofProcess() {
    return PROCESS;
  }

  /**
   * Creates the part of one event loop.
   *
   * @param loop runs tasks on its thread
   */
  public LoopMemory part(Executor loop) {
    LoopMemory part = new LoopMemory(this, loop);
    parts.add(part);
    return part;
  }

  /** The bytes that the event loops have leased, used or not. */
  public long leasedBytes() {
    return leasedBytes.get();
  }

  /** The bytes that each holder may hold in any case. */
  long fairShareBytes() {
    int holders = parts().stream().mapToInt(LoopMemory::heavyCount).sum();
    return Math.max(FREE_BYTES, limitBytes / Math.max(1, holders));
  }

  /** Whether less than one lease step is left. */
  boolean isFull() {
    return leasedBytes.get() + LoopMemory.STEP_BYTES > limitBytes;
  }

  /** Asks all other loops to relieve accounts that hold more than the fair share. */
  void relieveOthers(LoopMemory asking) {
    for (LoopMemory each : parts()) {
      if (each != asking) {
        each.relieveOther();
      }
    }
  }

  /** Runs a task once on each event loop that has a part. */
  public void runOnLoops(Runnable task) {
    for (LoopMemory each : parts()) {
      each.later(task);
    }
  }

  private List<LoopMemory> parts() {
    synchronized (parts) {
      return List.copyOf(parts);
    }
  }

  boolean lease(long bytes) {
    if (leasedBytes.addAndGet(bytes) <= limitBytes) {
      return true;
    }
    leasedBytes.addAndGet(-bytes);
    return false;
  }

  void giveBack(long bytes) {
    leasedBytes.addAndGet(-bytes);
  }
}
