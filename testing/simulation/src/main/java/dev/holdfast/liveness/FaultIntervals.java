package dev.holdfast.liveness;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** The intervals of one kind of fault on a time line that begins at zero, drawn in advance. */
final class FaultIntervals {
  /** Intervals of one kind of fault in a simulation; the network is calm after the last one. */
  private static final int MAX_INTERVALS = 4_096;

  private final long[] from = new long[MAX_INTERVALS];
  private final long[] to = new long[MAX_INTERVALS];
  private int size;

  /** An empty set of intervals. */
  FaultIntervals() {}

  /** Intervals of even length between bounds, with exponential calm in between. */
  FaultIntervals(
      RandomGenerator random, Duration calm, Duration least, Duration most, long lengthNanos) {
    long at = exponential(random, calm);
    while (at < lengthNanos && size < MAX_INTERVALS) {
      long length = random.nextLong(least.toNanos(), most.toNanos() + 1);
      add(at, at + length);
      at += length + exponential(random, calm);
    }
  }

  /** Adds an interval; intervals are added in order of time. */
  void add(long fromNanos, long toNanos) {
    from[size] = fromNanos;
    to[size] = toNanos;
    size++;
  }

  /** The end of the interval around this time; the time itself when there is none. */
  long endAround(long atNanos) {
    int low = 0;
    int high = size - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (atNanos < from[middle]) {
        high = middle - 1;
      } else if (atNanos >= to[middle]) {
        low = middle + 1;
      } else {
        return to[middle];
      }
    }
    return atNanos;
  }

  /** The total length of the intervals between two times. */
  long within(long fromNanos, long toNanos) {
    long sum = 0;
    for (int i = 0; i < size && from[i] < toNanos; i++) {
      sum += Math.max(0, Math.min(to[i], toNanos) - Math.max(from[i], fromNanos));
    }
    return sum;
  }

  /** The number of intervals that overlap the time between two times. */
  int countWithin(long fromNanos, long toNanos) {
    int count = 0;
    for (int i = 0; i < size && from[i] < toNanos; i++) {
      count += to[i] > fromNanos ? 1 : 0;
    }
    return count;
  }

  boolean contains(long atNanos) {
    return endAround(atNanos) != atNanos;
  }

  static long exponential(RandomGenerator random, Duration mean) {
    return (long) (random.nextExponential() * mean.toNanos());
  }
}
