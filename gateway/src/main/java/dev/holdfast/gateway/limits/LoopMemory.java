package dev.holdfast.gateway.limits;

/**
 * The part of {@link GatewayMemory} that one event loop has in hand, taken and returned in steps,
 * the last of which it keeps, so that loops rarely meet. On its loop only.
 */
public final class LoopMemory {
  private static final long STEP_BYTES = 65_536;

  private final GatewayMemory all;
  private long usedBytes;
  private long leasedBytes;

  LoopMemory(GatewayMemory all) {
    this.all = all;
  }

  /** Counts bytes that are kept from now on, always; whether there is room for them. */
  public boolean take(long bytes) {
    usedBytes += bytes;
    return usedBytes <= leasedBytes || lease();
  }

  /** Bytes that were taken are kept no longer. */
  public void give(long bytes) {
    usedBytes -= bytes;
    if (leasedBytes - usedBytes > 2 * STEP_BYTES) {
      long kept = steps(usedBytes) + STEP_BYTES;
      all.giveBack(leasedBytes - kept);
      leasedBytes = kept;
    }
  }

  /** Whether more is kept than there is room for. */
  public boolean isFull() {
    return usedBytes > leasedBytes;
  }

  /** What is kept now. */
  public long usedBytes() {
    return usedBytes;
  }

  private boolean lease() {
    long more = steps(usedBytes) - leasedBytes;
    if (!all.lease(more)) {
      return false;
    }
    leasedBytes += more;
    return true;
  }

  private static long steps(long bytes) {
    return (bytes + STEP_BYTES - 1) / STEP_BYTES * STEP_BYTES;
  }
}
