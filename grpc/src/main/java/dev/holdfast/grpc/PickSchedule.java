package dev.holdfast.grpc;

import dev.holdfast.core.PureCore;
import java.util.Arrays;
import java.util.PriorityQueue;

/**
 * The order in which endpoints are picked, computed once so that a pick is one array access.
 *
 * <p>Each endpoint appears in proportion to its share, spread as evenly as possible (earliest
 * deadline first, as in Envoy's and grpc's weighted round robin). Equal shares give plain round
 * robin. The smallest share still gets a slot, unless it is below one in {@link #MAX_SLOTS}: then
 * it is rounded up to that.
 */
@PureCore
final class PickSchedule {
  /** The length of a schedule that is not plain round robin, at most; longer for more endpoints. */
  static final int MAX_SLOTS = 4_096;

  private static final int SLOTS_PER_ENDPOINT = 4;
  private static final int MAX_DIVISOR = 32;
  private static final double TOLERANCE = 0.01;
  private static final double GOLDEN_RATIO = 0.618033988749895;
  private static final double BEFORE_ALL = -1;

  private record Turn(double deadline, int index) implements Comparable<Turn> {
    @Override
    public int compareTo(Turn other) {
      int byDeadline = Double.compare(deadline, other.deadline);
      return byDeadline != 0 ? byDeadline : Integer.compare(index, other.index);
    }
  }

  private PickSchedule() {}

  /**
   * Indexes into {@code shares}, in picking order.
   *
   * @param shares what each endpoint should get, relative to the others; zero for nothing
   * @param first which endpoints come at the very beginning, so that a new one is reached by the
   *     next call and not after a whole round
   */
  static int[] of(double[] shares, boolean[] first) {
    int[] slots = slots(shares);
    int length = Arrays.stream(slots).sum();
    int[] schedule = new int[length];
    PriorityQueue<Turn> turns = new PriorityQueue<>(Math.max(1, shares.length));
    for (int i = 0; i < slots.length; i++) {
      if (slots[i] > 0) {
        turns.add(new Turn(first[i] ? BEFORE_ALL : start(i) / slots[i], i));
      }
    }
    for (int at = 0; at < length; at++) {
      Turn turn = turns.remove();
      schedule[at] = turn.index();
      double next = Math.max(0, turn.deadline()) + 1.0 / slots[turn.index()];
      turns.add(new Turn(next, turn.index()));
    }
    return schedule;
  }

  /**
   * Where in its first period an endpoint starts, above 0 to 1. Spread by the golden ratio: with
   * one start for all, every light endpoint would come in the same burst.
   */
  private static double start(int index) {
    return 1 - (index * GOLDEN_RATIO) % 1.0;
  }

  /** How often each index appears. */
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
    for (int divisor = 1; divisor <= MAX_DIVISOR && smallest / divisor >= finest; divisor++) {
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
