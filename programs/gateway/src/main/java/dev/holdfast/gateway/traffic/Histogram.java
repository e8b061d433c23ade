package dev.holdfast.gateway.traffic;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A histogram of values. Written by one thread, read by any: a reader may miss a value that is
 * being written, but never counts too many.
 */
final class Histogram {
  private static final double NANOS = 1e9;

  /** The bounds that gRFC A66 advises for times, in nanoseconds. */
  static final long[] TIMES =
      nanos(
          0, 0.00001, 0.00005, 0.0001, 0.0003, 0.0006, 0.0008, 0.001, 0.002, 0.003, 0.004, 0.005,
          0.006, 0.008, 0.01, 0.013, 0.016, 0.02, 0.025, 0.03, 0.04, 0.05, 0.065, 0.08, 0.1, 0.13,
          0.16, 0.2, 0.25, 0.3, 0.4, 0.5, 0.65, 0.8, 1, 2, 5, 10, 20, 50, 100);

  /** The bounds that gRFC A66 advises for sizes, in bytes. */
  static final long[] SIZES = {
    0,
    1_024,
    2_048,
    4_096,
    16_384,
    65_536,
    262_144,
    1_048_576,
    4_194_304,
    16_777_216,
    67_108_864,
    268_435_456,
    1_073_741_824,
    4_294_967_296L
  };

  private final long[] bounds;

  /** The buckets, one for each bound and one for all above; the last element is the sum. */
  private final AtomicLongArray counts;

  Histogram(long[] bounds) {
    this.bounds = bounds;
    this.counts = new AtomicLongArray(bounds.length + 2);
  }

  /** Counts a value; on the writing thread only. */
  void record(long value) {
    int found = Arrays.binarySearch(bounds, value);
    add(found >= 0 ? found : -found - 1, 1);
    add(bounds.length + 1, value);
  }

  private void add(int index, long more) {
    counts.lazySet(index, counts.getPlain(index) + more);
  }

  /** Adds these counts to a sum. */
  void addTo(Distribution sums) {
    for (int i = 0; i <= bounds.length; i++) {
      sums.counts()[i] += counts.get(i);
    }
    sums.add(counts.get(bounds.length + 1));
  }

  private static long[] nanos(double... seconds) {
    long[] nanos = new long[seconds.length];
    for (int i = 0; i < seconds.length; i++) {
      nanos[i] = Math.round(seconds[i] * NANOS);
    }
    return nanos;
  }
}
