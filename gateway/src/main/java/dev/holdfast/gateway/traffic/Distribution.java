package dev.holdfast.gateway.traffic;

/** The sum of some histograms with the same bounds. For one thread. */
public final class Distribution {
  private static final double WHOLE = 1.0;

  private final long[] bounds;
  private final long[] counts;
  private long sum;

  private Distribution(long[] bounds) {
    this.bounds = bounds;
    this.counts = new long[bounds.length + 1];
  }

  /** Of times in nanoseconds, empty. */
  public static Distribution ofTimes() {
    return new Distribution(Histogram.TIMES);
  }

  /** Of sizes in bytes, empty. */
  public static Distribution ofSizes() {
    return new Distribution(Histogram.SIZES);
  }

  /** The upper bounds of all counts but the last, each included in its own. */
  public long[] bounds() {
    return bounds;
  }

  /** What was counted up to each bound and above the one before; the last is above all. */
  public long[] counts() {
    return counts;
  }

  /** The sum of all values. */
  public long sum() {
    return sum;
  }

  /** How many values there are. */
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

  /** Adds another of the same bounds. */
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
   * The value below which this part of all values is, interpolated within its bounds; the highest
   * bound when it is above that, 0 when there are none.
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
