package dev.holdfast.gateway.cluster;

import dev.holdfast.core.PureCore;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/** Chooses one of some candidates. Made anew when their list changes. */
@PureCore
interface Choice {
  /**
   * The index of the chosen one.
   *
   * @param hash of what the caller wants to be kept together
   */
  int next(int hash);

  /**
   * The choice that a cluster asks for.
   *
   * @param random a number from 0 inclusive to the given bound exclusive
   */
  static Choice of(Balance balance, Candidates candidates, IntUnaryOperator random) {
    return switch (balance) {
      case LEAST_REQUEST -> new LeastOfTwo(candidates, random);
      case ROUND_ROBIN -> new RoundRobin(candidates.size(), random);
      case WEIGHTED -> new Weighted(candidates, random);
      case RING_HASH -> new Ring(candidates);
    };
  }

  /** Of two by chance the one with fewer open calls, per unit of weight. */
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
      long ofFirst = (candidates.openCalls(first) + 1L) * candidates.weight(second);
      long ofSecond = (candidates.openCalls(second) + 1L) * candidates.weight(first);
      return ofSecond < ofFirst ? second : first;
    }
  }

  /** One after the other, from a start by chance so that threads don't go in step. */
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

  /** By chance, in proportion to weights. */
  final class Weighted implements Choice {
    private final int[] upTo;
    private final IntUnaryOperator random;

    Weighted(Candidates candidates, IntUnaryOperator random) {
      this.upTo = new int[candidates.size()];
      this.random = random;
      long sum = 0;
      for (int i = 0; i < upTo.length; i++) {
        sum += candidates.weight(i);
        upTo[i] = (int) Math.min(Integer.MAX_VALUE, sum);
      }
    }

    @Override
    public int next(int hash) {
      int drawn = random.applyAsInt(upTo[upTo.length - 1]);
      int found = Arrays.binarySearch(upTo, drawn + 1);
      return found >= 0 ? found : -found - 1;
    }
  }

  /** Equal hashes meet the same candidate, and most of them still do when the list changes. */
  final class Ring implements Choice {
    /** Of a candidate of weight 1; a few percent of difference between equals. */
    private static final int POINTS = 160;

    private static final int MOST_POINTS = 1_600;
    private static final int FNV_PRIME = 0x01000193;
    private static final int FNV_START = 0x811c9dc5;

    private final long[] points;

    Ring(Candidates candidates) {
      int count = 0;
      for (int i = 0; i < candidates.size(); i++) {
        count += pointsOf(candidates.weight(i));
      }
      points = new long[count];
      int at = 0;
      for (int i = 0; i < candidates.size(); i++) {
        int start = hash(candidates.key(i));
        for (int p = pointsOf(candidates.weight(i)); p > 0; p--) {
          long place = mix(start + p) & 0xffff_ffffL;
          points[at++] = place << 31 | i;
        }
      }
      Arrays.sort(points);
    }

    @Override
    public int next(int hash) {
      long place = (mix(hash) & 0xffff_ffffL) << 31;
      int found = Arrays.binarySearch(points, place);
      int index = found >= 0 ? found : -found - 1;
      return (int) (points[index == points.length ? 0 : index] & Integer.MAX_VALUE);
    }

    /** FNV-1a: the same in every process, so that all gateways agree. */
    static int hash(CharSequence text) {
      int hash = FNV_START;
      for (int i = 0; i < text.length(); i++) {
        hash = (hash ^ text.charAt(i)) * FNV_PRIME;
      }
      return hash;
    }

    private static int pointsOf(int weight) {
      return Math.min(MOST_POINTS, POINTS * weight);
    }

    private static int mix(int value) {
      int mixed = value;
      mixed = (mixed ^ (mixed >>> 16)) * 0x85ebca6b;
      mixed = (mixed ^ (mixed >>> 13)) * 0xc2b2ae35;
      return mixed ^ (mixed >>> 16);
    }
  }
}
