package dev.holdfast.gateway.cluster;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.core.balancing.PickSchedule;
import java.util.Arrays;
import java.util.BitSet;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;

/**
 * A load balancer over a fixed list of candidates. Created anew when the list changes. Not
 * thread-safe.
 */
@PureCore
interface EndpointPicker {
  /**
   * Picks the candidate for the next call.
   *
   * @param hash of the value for which calls should reach the same endpoint; ring hash only
   * @return the index of the candidate
   */
  int pick(int hash);

  /**
   * Creates the load balancer of a policy.
   *
   * @param random a number from 0 inclusive to its argument exclusive
   */
  static EndpointPicker of(
      ClusterLbPolicy clusterLbPolicy, LbEndpoints lbEndpoints, IntUnaryOperator random) {
    return switch (clusterLbPolicy) {
      case LEAST_REQUEST ->
          isEven(lbEndpoints)
              ? new LeastRequestPicker(lbEndpoints, random)
              : new WeightedLeastRequestPicker(lbEndpoints, random);
      case ROUND_ROBIN ->
          isEven(lbEndpoints)
              ? new RoundRobinPicker(lbEndpoints.size(), random)
              : new WeightedRoundRobinPicker(lbEndpoints, random);
      case WEIGHTED -> new WeightedRandomPicker(lbEndpoints, random);
      case RING_HASH -> new RingHashPicker(lbEndpoints);
    };
  }

  private static boolean isEven(LbEndpoints lbEndpoints) {
    for (int i = 1; i < lbEndpoints.size(); i++) {
      if (lbEndpoints.share(i) != lbEndpoints.share(0)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Power of two choices among candidates with equal shares: of two random ones, the one with fewer
   * open calls.
   */
  final class LeastRequestPicker implements EndpointPicker {
    private final LbEndpoints lbEndpoints;
    private final IntUnaryOperator random;
    private final int size;

    LeastRequestPicker(LbEndpoints lbEndpoints, IntUnaryOperator random) {
      this.lbEndpoints = lbEndpoints;
      this.random = random;
      this.size = lbEndpoints.size();
    }

    @Override
    public int pick(int hash) {
      if (size == 1) {
        return 0;
      }
      int first = random.applyAsInt(size);
      int second = random.applyAsInt(size - 1);
      if (second >= first) {
        second++;
      }
      return lbEndpoints.openCalls(second) < lbEndpoints.openCalls(first) ? second : first;
    }
  }

  /**
   * Power of two choices in proportion to shares: of two weighted random candidates, the one with
   * fewer open calls per share. So no candidate gets more than twice its share, however idle it is,
   * and an idle cluster is used in proportion.
   */
  final class WeightedLeastRequestPicker implements EndpointPicker {
    private final LbEndpoints lbEndpoints;
    private final double[] shares;
    private final WeightedRandomPicker drawn;

    WeightedLeastRequestPicker(LbEndpoints lbEndpoints, IntUnaryOperator random) {
      this.lbEndpoints = lbEndpoints;
      this.drawn = new WeightedRandomPicker(lbEndpoints, random);
      this.shares = new double[lbEndpoints.size()];
      Arrays.setAll(shares, lbEndpoints::share);
    }

    @Override
    public int pick(int hash) {
      int first = drawn.pick(hash);
      int second = drawn.pick(hash);
      double ofFirst = lbEndpoints.openCalls(first) * shares[second];
      double ofSecond = lbEndpoints.openCalls(second) * shares[first];
      return ofSecond < ofFirst ? second : first;
    }
  }

  /** Round robin from a random start, so that threads do not pick in lockstep. */
  final class RoundRobinPicker implements EndpointPicker {
    private final int size;
    private int last;

    RoundRobinPicker(int size, IntUnaryOperator random) {
      this.size = size;
      this.last = random.applyAsInt(size);
    }

    @Override
    public int pick(int hash) {
      last = last + 1 >= size ? 0 : last + 1;
      return last;
    }
  }

  /** Weighted round robin, from a random start. */
  final class WeightedRoundRobinPicker implements EndpointPicker {
    private final int[] order;
    private int last;

    WeightedRoundRobinPicker(LbEndpoints lbEndpoints, IntUnaryOperator random) {
      double[] shares = new double[lbEndpoints.size()];
      Arrays.setAll(shares, lbEndpoints::share);
      this.order = PickSchedule.of(shares, new boolean[shares.length]);
      this.last = random.applyAsInt(order.length);
    }

    @Override
    public int pick(int hash) {
      last = last + 1 >= order.length ? 0 : last + 1;
      return order[last];
    }
  }

  /** Random choice in proportion to shares. */
  final class WeightedRandomPicker implements EndpointPicker {
    private static final int WHOLE = 1 << 30;

    private final int[] upTo;
    private final IntUnaryOperator random;

    WeightedRandomPicker(LbEndpoints lbEndpoints, IntUnaryOperator random) {
      this.upTo = new int[lbEndpoints.size()];
      this.random = random;
      double sum = 0;
      for (int i = 0; i < upTo.length; i++) {
        sum += lbEndpoints.share(i);
      }
      double part = 0;
      for (int i = 0; i < upTo.length; i++) {
        part += lbEndpoints.share(i);
        upTo[i] = (int) Math.round(part / sum * WHOLE);
      }
      upTo[upTo.length - 1] = WHOLE;
    }

    @Override
    public int pick(int hash) {
      int found = Arrays.binarySearch(upTo, random.applyAsInt(WHOLE) + 1);
      return found >= 0 ? found : -found - 1;
    }
  }

  /**
   * Ring hash: equal hashes pick the same candidate, and most of them still do when the list
   * changes.
   */
  final class RingHashPicker implements EndpointPicker {
    /** The points of a candidate with share 1; equal candidates differ by a few percent. */
    private static final int POINTS = 160;

    @Limit(
        of = "points of one endpoint on the ring of a consistent hash",
        then = "a larger weight gets it no more calls")
    private static final int MOST_POINTS = 1_600;

    private static final int FNV_PRIME = 0x01000193;
    private static final int FNV_START = 0x811c9dc5;

    private final long[] points;

    RingHashPicker(LbEndpoints lbEndpoints) {
      int count = 0;
      for (int i = 0; i < lbEndpoints.size(); i++) {
        count += pointsOf(lbEndpoints.share(i));
      }
      points = new long[count];
      int at = 0;
      for (int i = 0; i < lbEndpoints.size(); i++) {
        int start = hash(lbEndpoints.key(i));
        for (int p = pointsOf(lbEndpoints.share(i)); p > 0; p--) {
          long place = mix(start + p) & 0xffff_ffffL;
          points[at++] = place << 31 | i;
        }
      }
      Arrays.sort(points);
    }

    @Override
    public int pick(int hash) {
      return candidate(indexOf(hash));
    }

    /**
     * Picks the first accepted candidate from the hash's point on; each candidate is tested at most
     * once.
     *
     * @return its index, or -1 when none is accepted
     */
    int next(int hash, IntPredicate accepts) {
      BitSet asked = new BitSet();
      int at = indexOf(hash);
      for (int i = 0; i < points.length; i++) {
        int candidate = candidate((at + i) % points.length);
        if (!asked.get(candidate)) {
          if (accepts.test(candidate)) {
            return candidate;
          }
          asked.set(candidate);
        }
      }
      return -1;
    }

    private int indexOf(int hash) {
      long place = (mix(hash) & 0xffff_ffffL) << 31;
      int found = Arrays.binarySearch(points, place);
      int index = found >= 0 ? found : -found - 1;
      return index == points.length ? 0 : index;
    }

    private int candidate(int point) {
      return (int) (points[point] & Integer.MAX_VALUE);
    }

    /** FNV-1a: the same in every process, so that all gateways agree. */
    static int hash(CharSequence text) {
      int hash = FNV_START;
      for (int i = 0; i < text.length(); i++) {
        hash = (hash ^ text.charAt(i)) * FNV_PRIME;
      }
      return hash;
    }

    private static int pointsOf(double share) {
      return (int) Math.min(MOST_POINTS, Math.round(POINTS * share));
    }

    private static int mix(int value) {
      int mixed = value;
      mixed = (mixed ^ (mixed >>> 16)) * 0x85ebca6b;
      mixed = (mixed ^ (mixed >>> 13)) * 0xc2b2ae35;
      return mixed ^ (mixed >>> 16);
    }
  }
}
