package dev.holdfast.cli.demo;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * What one device sent and what came back: readings are numbered from 1, and each is to be answered
 * once and in order. Thread-safe.
 */
final class DeviceLedger {
  private final BitSet answered = new BitSet();
  private int sent;
  private int highest;
  private int duplicated;
  private int reordered;

  /** Sums of one or many devices. */
  record Totals(long sent, long answered, long duplicated, long reordered) {
    static final Totals NONE = new Totals(0, 0, 0, 0);

    /** Sent and never answered. */
    long lost() {
      return sent - answered;
    }

    Totals plus(Totals other) {
      return new Totals(
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

  /** What was sent and has no answer, lowest first. */
  synchronized List<Integer> unanswered() {
    List<Integer> open = new ArrayList<>();
    for (int n = answered.nextClearBit(1); n <= sent; n = answered.nextClearBit(n + 1)) {
      open.add(n);
    }
    return open;
  }

  synchronized Totals totals() {
    return new Totals(sent, answered.cardinality(), duplicated, reordered);
  }
}
