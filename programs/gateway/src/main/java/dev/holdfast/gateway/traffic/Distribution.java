package dev.holdfast.gateway.traffic;

/** The sum of several histograms with the same bounds. Not thread-safe. */
public final class Distribution {
  private static final double WHOLE = 1.0;

  private final long[] bounds;
  private final long[] counts;
  private long sum;

  private Distribution(long[] bounds) {
    this.bounds = bounds;
    this.counts = new long[bounds.length + 1];
  }

  /** Creates an empty distribution of times in nanoseconds. */
  public static Distribution ofTimes() {
    return new Distribution(Histogram.TIMES);
  }

  /** Creates an empty distribution of sizes in bytes. */
  public static Distribution ofSizes() {
    return new Distribution(Histogram.SIZES);
  }

  /** The upper bounds of all counts but the last, each included in its own. */
  public long[] bounds() {
    return bounds;
  }

  /**
   * The number of values per bucket: up to its bound and above the one before. The last bucket is
   * above all bounds.
   */
  public long[] counts() {
    return counts;
  }

  /** The sum of all values. */
  public long sum() {
    return sum;
  }

  /** The number of values in all buckets. */
  public long count() {
    long all = 0;
    for (long each : counts) {
      all += each;
    }
    return all;
  }

  void add(long values) {
    sum += values;
  }

  /** Adds another distribution with the same bounds. */
  public void add(Distribution other) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += other.counts[i];
    }
    sum += other.sum;
  }

  void subtract(Distribution other) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] -= other.counts[i];
    }
    sum -= other.sum;
  }

  /**
   * The quantile of the values, interpolated within its bucket: the highest bound if it lies above
   * that, 0 without values.
   *
   * @param part 0 to 1, such as 0.99
   */
  public double quantile(double part) {
    double rank = Math.min(WHOLE, part) * count();
    long below = 0;
    for (int i = 0; i < bounds.length; i++) {
      if (counts[i] > 0 && below + counts[i] >= rank) {
        long least = i == 0 ? 0 : bounds[i - 1];
        return least + (bounds[i] - least) * (rank - below) / counts[i];
      }
      below += counts[i];
    }
    return below == 0 && counts[bounds.length] == 0 ? 0 : bounds[bounds.length - 1];
  }
}
