package dev.holdfast.core.balancing;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.util.Arrays;

/**
 * The order in which endpoints are picked, computed once so that a pick is one array access.
 *
 * <p>Each endpoint appears in proportion to its share, spread as evenly as possible (earliest
 * deadline first, as in Envoy's and grpc's weighted round robin). Equal shares give plain round
 * robin. The smallest share still gets a slot, unless it is below one in {@link #MAX_SLOTS}: then
 * it is rounded up to that.
 */
@PureCore
public final class PickSchedule {
  /** The length of a schedule that is not plain round robin, at most; longer for more endpoints. */
  @Limit(
      of = "places in a schedule of picks that is not plain round robin",
      then = "weights are rounded; longer only for more endpoints")
  public static final int MAX_SLOTS = 4_096;

  private static final int SLOTS_PER_ENDPOINT = 4;
  private static final int DIVISORS = 32;
  private static final double TOLERANCE = 0.01;
  private static final double GOLDEN_RATIO = 0.618033988749895;
  // 24 bits for the index and 39 for the time: more endpoints than a list may have, and times that
  // differ by less than one part in the longest schedule stay apart.
  private static final int INDEX_BITS = 24;
  private static final long INDEX_MASK = (1L << INDEX_BITS) - 1;
  private static final double TIME_UNITS = 1L << 38;

  private PickSchedule() {}

  /**
   * Indexes into {@code shares}, in picking order.
   *
   * @param shares what each endpoint should get, relative to the others; zero for nothing
   * @param first which endpoints come at the very beginning, so that a new one is reached by the
   *     next call and not after a whole round
   */
  public static int[] of(double[] shares, boolean[] first) {
    int[] slots = slots(shares);
    // One number per turn, its time above its index, so that sorting needs neither objects nor a
    // queue: this runs on every step of every endpoint that warms up.
    long[] turns = new long[Arrays.stream(slots).sum()];
    int filled = 0;
    for (int i = 0; i < slots.length; i++) {
      for (int turn = 0; turn < slots[i]; turn++) {
        turns[filled++] = keyOf(first[i] ? turn : turn + start(i), slots[i], i);
      }
    }
    Arrays.sort(turns);
    int[] schedule = new int[turns.length];
    for (int at = 0; at < schedule.length; at++) {
      schedule[at] = (int) (turns[at] & INDEX_MASK);
    }
    return schedule;
  }

  /** A key that sorts by the time of a turn, from 0 to 1, and by index where times are equal. */
  private static long keyOf(double turn, int slots, int index) {
    return ((long) (turn / slots * TIME_UNITS) << INDEX_BITS) | index;
  }

  /**
   * The start of an endpoint in its first period, above 0 to 1, spread by the golden ratio. With
   * the same start for all, every light endpoint would come in the same burst.
   */
  private static double start(int index) {
    return 1 - (index * GOLDEN_RATIO) % 1.0;
  }

  /** The number of slots of each index. */
  private static int[] slots(double[] shares) {
    double sum = 0;
    double smallest = Double.MAX_VALUE;
    int used = 0;
    for (double share : shares) {
      if (share > 0) {
        smallest = Math.min(smallest, share);
        sum += share;
        used++;
      }
    }
    double finest = sum / Math.max(MAX_SLOTS, SLOTS_PER_ENDPOINT * used);
    double perSlot = smallest;
    for (int divisor = 1; divisor <= DIVISORS && smallest / divisor >= finest; divisor++) {
      perSlot = smallest / divisor;
      if (fits(shares, perSlot)) {
        break;
      }
    }
    perSlot = Math.max(perSlot, finest);
    int[] slots = new int[shares.length];
    for (int i = 0; i < shares.length; i++) {
      slots[i] = shares[i] <= 0 ? 0 : Math.max(1, (int) Math.round(shares[i] / perSlot));
    }
    return slots;
  }

  private static boolean fits(double[] shares, double perSlot) {
    for (double share : shares) {
      double exact = share / perSlot;
      if (Math.abs(exact - Math.round(exact)) > TOLERANCE * exact) {
        return false;
      }
    }
    return true;
  }
}
