package dev.holdfast.cli.demo.streams;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * The readings that one device sent and the answers that came back. Readings are numbered from 1;
 * each must be answered once and in order. Thread-safe.
 */
final class DeliveryTracker {
  private final BitSet answered = new BitSet();
  private int sent;
  private int highest;
  private int duplicated;
  private int reordered;

  /** Sums of one or many devices. */
  record DeliveryTotals(long sent, long answered, long duplicated, long reordered) {
    static final DeliveryTotals NONE = new DeliveryTotals(0, 0, 0, 0);

    /** The number of readings that were sent and have no answer. */
    long lost() {
      return sent - answered;
    }

    DeliveryTotals plus(DeliveryTotals other) {
      return new DeliveryTotals(
          sent + other.sent,
          answered + other.answered,
          duplicated + other.duplicated,
          reordered + other.reordered);
    }
  }

  /** The number of a new reading. */
  synchronized int next() {
    return ++sent;
  }

  /** An answer names a reading. */
  synchronized void onAnswer(int number) {
    if (answered.get(number)) {
      duplicated++;
    } else if (number < highest) {
      reordered++;
    }
    answered.set(number);
    highest = Math.max(highest, number);
  }

  /** The numbers of the readings that have no answer, in ascending order. */
  synchronized List<Integer> unanswered() {
    List<Integer> open = new ArrayList<>();
    for (int n = answered.nextClearBit(1); n <= sent; n = answered.nextClearBit(n + 1)) {
      open.add(n);
    }
    return open;
  }

  synchronized DeliveryTotals deliveryTotals() {
    return new DeliveryTotals(sent, answered.cardinality(), duplicated, reordered);
  }
}
