package dev.holdfast.lab;

import dev.holdfast.core.annotation.PureCore;
import java.util.function.DoubleSupplier;

/**
 * The delay model of one direction of a path: bandwidth, latency, jitter, stall windows. Bytes
 * never overtake each other. Times are nanoseconds since the connection was opened.
 */
@PureCore
final class LinkDelayModel {
  private static final double NANOS_PER_SECOND = 1e9;

  private final PathFaults faults;
  private final long sinceNanos;
  private final DoubleSupplier chance;
  private long freeAtNanos;
  private long lastDueNanos;

  /**
   * @param sinceNanos when the faults began to hold
   * @param chance from 0 up to 1, drawn once per chunk when there is jitter
   */
  LinkDelayModel(PathFaults faults, long sinceNanos, DoubleSupplier chance) {
    this.faults = faults;
    this.sinceNanos = sinceNanos;
    this.chance = chance;
  }

  long dueNanos(long nowNanos, long bytes) {
    PathFaults.LinkProperties linkProperties = faults.link();
    long leaves = nowNanos;
    if (linkProperties.bytesPerSecond() > 0) {
      leaves = Math.max(nowNanos, freeAtNanos);
      leaves += (long) (bytes * NANOS_PER_SECOND / linkProperties.bytesPerSecond());
      freeAtNanos = leaves;
    }
    long jitterNanos = faults.scaledNanos(linkProperties.jitter());
    long delayNanos =
        faults.scaledNanos(linkProperties.latency())
            + (jitterNanos == 0 ? 0 : (long) (jitterNanos * chance.getAsDouble()));
    lastDueNanos = Math.max(lastDueNanos, afterStall(leaves + delayNanos));
    return lastDueNanos;
  }

  private long afterStall(long atNanos) {
    if (faults.stall().isEmpty()) {
      return atNanos;
    }
    PathFaults.Stall stall = faults.stall().get();
    long sinceFirst = atNanos - sinceNanos - faults.scaledNanos(stall.after());
    if (sinceFirst < 0) {
      return atNanos;
    }
    long everyNanos = faults.scaledNanos(stall.every());
    long intoWindow = everyNanos == 0 ? sinceFirst : sinceFirst % everyNanos;
    long lengthNanos = faults.scaledNanos(stall.length());
    return intoWindow < lengthNanos ? atNanos + lengthNanos - intoWindow : atNanos;
  }
}
