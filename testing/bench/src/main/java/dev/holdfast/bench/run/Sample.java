package dev.holdfast.bench.run;

import java.util.Arrays;
import java.util.Collection;
import java.util.function.DoubleConsumer;

/**
 * A sorted sample of measured values, with the words that describe it.
 *
 * <p>Percentiles are nearest-rank: a measured value, never one between two. The 99th percentile of
 * fewer than 100 values is therefore the largest one. Median and quartiles may lie between two
 * values.
 */
public final class Sample {
  private final double[] sorted;

  private Sample(double[] sorted) {
    this.sorted = sorted;
  }

  /** At least one value, in any order. */
  public static Sample of(double... values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("values: none (expected: at least one)");
    }
    double[] sorted = values.clone();
    for (double value : sorted) {
      if (!Double.isFinite(value)) {
        throw new IllegalArgumentException("value: " + value + " (expected: a finite number)");
      }
    }
    Arrays.sort(sorted);
    return new Sample(sorted);
  }

  /** The sample of a collection of values, as {@link #of(double...)} makes it. */
  public static Sample of(Collection<Double> values) {
    return of(values.stream().mapToDouble(Double::doubleValue).toArray());
  }

  public int size() {
    return sorted.length;
  }

  /** Gives each value to an action, in ascending order. */
  public void forEach(DoubleConsumer action) {
    for (double value : sorted) {
      action.accept(value);
    }
  }

  public double min() {
    return sorted[0];
  }

  public double max() {
    return sorted[sorted.length - 1];
  }

  public double median() {
    return between(0.5);
  }

  /**
   * The lower end of the interval in which the median of all possible values lies with 95 %
   * certainty, whatever their distribution: the sign test. The least value when there are fewer
   * than six.
   */
  public double medianAtLeast() {
    double probability = Math.pow(0.5, sorted.length);
    double below = probability;
    int rank = 0;
    while (below <= 0.025) {
      rank++;
      probability *= (double) (sorted.length - rank + 1) / rank;
      below += probability;
    }
    return sorted[Math.max(0, rank - 1)];
  }

  /** The lower quartile: a quarter of the values lies below. */
  public double lowerQuartile() {
    return between(0.25);
  }

  /** The upper quartile: a quarter of the values lies above. */
  public double upperQuartile() {
    return between(0.75);
  }

  /** The width of the middle half: the spread that outliers don't decide. */
  public double interquartileRange() {
    return upperQuartile() - lowerQuartile();
  }

  /**
   * The smallest measured value that at least this share of all values does not exceed.
   *
   * @param percent more than 0, at most 100
   */
  public double percentile(double percent) {
    if (!(percent > 0 && percent <= 100)) {
      throw new IllegalArgumentException("percent: " + percent + " (expected: > 0 and <= 100)");
    }
    // The product may lie a rounding error above a whole number, which is no reason for the next
    // one.
    double rank = Math.ceil(percent * sorted.length / 100 - 1e-9);
    return sorted[(int) Math.max(1, rank) - 1];
  }

  /** Linear between the two neighbours of a position, as spreadsheets do it. */
  private double between(double share) {
    double position = share * (sorted.length - 1);
    double below = sorted[(int) Math.floor(position)];
    double above = sorted[(int) Math.ceil(position)];
    double weight = position - Math.floor(position);
    // Not below + weight * (above - below): that difference may be more than a double holds.
    double value = below * (1 - weight) + above * weight;
    return Math.min(above, Math.max(below, value));
  }
}
