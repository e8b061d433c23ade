package dev.holdfast.cli.demo.load;

/**
 * A histogram of durations whose buckets are at most one thirty-second of their value wide.
 *
 * <p>The range is 1 microsecond to about 70 minutes; a value outside counts in the nearest bucket.
 * Not thread-safe.
 */
final class LatencyHistogram {
  private static final int SUB_BUCKET_BITS = 5;
  private static final int SUB_BUCKETS = 1 << SUB_BUCKET_BITS;
  private static final long LARGEST_MICROS = (1L << 32) - 1;
  private static final int BUCKETS = (32 - SUB_BUCKET_BITS + 1) * SUB_BUCKETS;

  private final long[] counts = new long[BUCKETS];
  private long total;

  void record(long nanos) {
    long micros = Math.min(LARGEST_MICROS, Math.max(0, nanos / 1_000));
    counts[bucketOf(micros)]++;
    total++;
  }

  long count() {
    return total;
  }

  /**
   * The duration that the given part of all durations does not exceed, in milliseconds.
   *
   * @param quantile 0 to 1
   * @return the upper edge of the bucket in which it lies; 0 when nothing was recorded
   */
  double quantileMillis(double quantile) {
    if (total == 0) {
      return 0;
    }
    long wanted = Math.max(1, (long) Math.ceil(quantile * total));
    long seen = 0;
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
      seen += counts[bucket];
      if (seen >= wanted) {
        return upperEdgeMicros(bucket) / 1_000.0;
      }
    }
    throw new IllegalStateException("quantile: " + quantile + " (expected: 0 to 1)");
  }

  private static int bucketOf(long micros) {
    if (micros < SUB_BUCKETS) {
      return (int) micros;
    }
    int shift = 63 - Long.numberOfLeadingZeros(micros) - SUB_BUCKET_BITS;
    return (shift << SUB_BUCKET_BITS) + (int) (micros >>> shift);
  }

  private static long upperEdgeMicros(int bucket) {
    if (bucket < SUB_BUCKETS) {
      return bucket;
    }
    int shift = (bucket >> SUB_BUCKET_BITS) - 1;
    int mantissa = (bucket & (SUB_BUCKETS - 1)) + SUB_BUCKETS;
    return ((mantissa + 1L) << shift) - 1;
  }
}
