package dev.holdfast.gateway.cluster;

import dev.holdfast.core.Limit;
import dev.holdfast.core.PickSchedule;
import dev.holdfast.core.PureCore;
import java.util.Arrays;
import java.util.BitSet;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;

/**
 * A load balancer over a fixed list of candidates. Created anew when the list changes. Not
 * thread-safe.
 */
@PureCore
interface Choice {
  /**
   * Picks the candidate for the next call.
   *
   * @param hash of the value for which calls should reach the same endpoint; ring hash only
   * @return the index of the candidate
   */
  int next(int hash);

  /**
   * Creates the load balancer of a policy.
   *
   * @param random a number from 0 inclusive to its argument exclusive
   */
  static Choice of(Balance balance, Candidates candidates, IntUnaryOperator random) {
    return switch (balance) {
      case LEAST_REQUEST ->
          isEven(candidates)
              ? new LeastOfTwo(candidates, random)
              : new LeastOfShares(candidates, random);
      case ROUND_ROBIN ->
          isEven(candidates)
              ? new RoundRobin(candidates.size(), random)
              : new Schedule(candidates, random);
      case WEIGHTED -> new Weighted(candidates, random);
      case RING_HASH -> new Ring(candidates);
    };
  }

  private static boolean isEven(Candidates candidates) {
    for (int i = 1; i < candidates.size(); i++) {
      if (candidates.share(i) != candidates.share(0)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Power of two choices among candidates with equal shares: of two random ones, the one with fewer
   * open calls.
   */
  final class LeastOfTwo implements Choice {
    private final Candidates candidates;
    private final IntUnaryOperator random;
    private final int size;

    LeastOfTwo(Candidates candidates, IntUnaryOperator random) {
      this.candidates = candidates;
      this.random = random;
      this.size = candidates.size();
    }

    @Override
    public int next(int hash) {
      if (size == 1) {
        return 0;
      }
      int first = random.applyAsInt(size);
      int second = random.applyAsInt(size - 1);
      if (second >= first) {
        second++;
      }
      return candidates.openCalls(second) < candidates.openCalls(first) ? second : first;
    }
  }

  /**
   * Power of two choices in proportion to shares: of two weighted random candidates, the one with
   * fewer open calls per share. So no candidate gets more than twice its share, however idle it is,
   * and an idle cluster is used in proportion.
   */
  final class LeastOfShares implements Choice {
    private final Candidates candidates;
    private final double[] shares;
    private final Weighted drawn;

    LeastOfShares(Candidates candidates, IntUnaryOperator random) {
      this.candidates = candidates;
      this.drawn = new Weighted(candidates, random);
      this.shares = new double[candidates.size()];
      Arrays.setAll(shares, candidates::share);
    }

    @Override
    public int next(int hash) {
      int first = drawn.next(hash);
      int second = drawn.next(hash);
      double ofFirst = candidates.openCalls(first) * shares[second];
      double ofSecond = candidates.openCalls(second) * shares[first];
      return ofSecond < ofFirst ? second : first;
    }
  }

  /** Round robin from a random start, so that threads do not pick in lockstep. */
  final class RoundRobin implements Choice {
    private final int size;
    private int last;

    RoundRobin(int size, IntUnaryOperator random) {
      this.size = size;
      this.last = random.applyAsInt(size);
    }

    @Override
    public int next(int hash) {
      last = last + 1 >= size ? 0 : last + 1;
      return last;
    }
  }

  /** Weighted round robin, from a random start. */
  final class Schedule implements Choice {
    private final int[] order;
    private int last;

    Schedule(Candidates candidates, IntUnaryOperator random) {
      double[] shares = new double[candidates.size()];
      Arrays.setAll(shares, candidates::share);
      this.order = PickSchedule.of(shares, new boolean[shares.length]);
      this.last = random.applyAsInt(order.length);
    }

    @Override
    public int next(int hash) {
      last = last + 1 >= order.length ? 0 : last + 1;
      return order[last];
    }
  }

  /** Random choice in proportion to shares. */
  final class Weighted implements Choice {
    private static final int WHOLE = 1 << 30;

    private final int[] upTo;
    private final IntUnaryOperator random;

    Weighted(Candidates candidates, IntUnaryOperator random) {
      this.upTo = new int[candidates.size()];
      this.random = random;
      double sum = 0;
      for (int i = 0; i < upTo.length; i++) {
        sum += candidates.share(i);
      }
      double part = 0;
      for (int i = 0; i < upTo.length; i++) {
        part += candidates.share(i);
        upTo[i] = (int) Math.round(part / sum * WHOLE);
      }
      upTo[upTo.length - 1] = WHOLE;
    }

    @Override
    public int next(int hash) {
      int found = Arrays.binarySearch(upTo, random.applyAsInt(WHOLE) + 1);
      return found >= 0 ? found : -found - 1;
    }
  }

  /**
   * Ring hash: equal hashes pick the same candidate, and most of them still do when the list
   * changes.
   */
  final class Ring implements Choice {
    /** The points of a candidate with share 1; equal candidates differ by a few percent. */
    private static final int POINTS = 160;

    @Limit(
        of = "points of one endpoint on the ring of a consistent hash",
        then = "a larger weight gets it no more calls")
    private static final int MOST_POINTS = 1_600;

    private static final int FNV_PRIME = 0x01000193;
    private static final int FNV_START = 0x811c9dc5;

    private final long[] points;

    Ring(Candidates candidates) {
      int count = 0;
      for (int i = 0; i < candidates.size(); i++) {
        count += pointsOf(candidates.share(i));
      }
      points = new long[count];
      int at = 0;
      for (int i = 0; i < candidates.size(); i++) {
        int start = hash(candidates.key(i));
        for (int p = pointsOf(candidates.share(i)); p > 0; p--) {
          long place = mix(start + p) & 0xffff_ffffL;
          points[at++] = place << 31 | i;
        }
      }
      Arrays.sort(points);
    }

    @Override
    public int next(int hash) {
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
