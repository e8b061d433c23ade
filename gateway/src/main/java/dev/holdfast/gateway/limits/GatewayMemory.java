package dev.holdfast.gateway.limits;

import dev.holdfast.core.Limit;
import io.netty.util.internal.PlatformDependent;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What all connections of a process may keep of others' bytes together: for slow receivers, for
 * requests that may have to be sent again, and for bodies that are needed whole. Thread-safe.
 *
 * <p>A call that would need more ends with RESOURCE_EXHAUSTED, so that the process never dies of
 * it. A connection that keeps next to nothing is not asked: who is no burden goes on.
 */
public final class GatewayMemory {
  @Limit(
      of = "bytes of others that a gateway keeps in all, in percent of the memory it may use",
      then = "calls that would need more are ended with RESOURCE_EXHAUSTED")
  static final int PERCENT = 50;

  /** What nobody is asked for. */
  @Limit(
      of = "bytes that a connection may keep although the gateway keeps as much as it may",
      then = "the call that needs more is ended with RESOURCE_EXHAUSTED")
  public static final int FREE_BYTES = 16_384;

  private static final int WHOLE = 100;
  private static final GatewayMemory PROCESS =
      new GatewayMemory(
          Math.min(PlatformDependent.maxDirectMemory(), Runtime.getRuntime().maxMemory())
              / WHOLE
              * PERCENT);

  private final long limitBytes;
  private final AtomicLong leasedBytes = new AtomicLong();

  /** A bound of one's own; at least 0. */
  public GatewayMemory(long limitBytes) {
    if (limitBytes < 0) {
      throw new IllegalArgumentException("limitBytes: " + limitBytes + " (expected: >= 0)");
    }
    this.limitBytes = limitBytes;
  }

  /** The one of this process: half of what the JVM may use, directly or on the heap. */
  public static GatewayMemory ofProcess() {
    return PROCESS;
  }

  /** The part of one event loop. */
  public LoopMemory part() {
    return new LoopMemory(this);
  }

  /** What the loops hold of it. */
  public long leasedBytes() {
    return leasedBytes.get();
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
