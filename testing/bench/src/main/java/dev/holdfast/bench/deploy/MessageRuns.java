package dev.holdfast.bench.deploy;

import java.util.ArrayList;
import java.util.List;

/**
 * The numbers of the messages that one side of a stream has seen, in the order in which it saw
 * them, as runs of consecutive numbers. Thread-safe.
 */
final class MessageRuns {
  /** The numbers from the first to the last one, both included. */
  record Run(long first, long last) {}

  private final List<Run> over = new ArrayList<>();
  private long first;
  private long last;
  private boolean begun;

  synchronized void add(long number) {
    if (begun && number == last + 1) {
      last = number;
      return;
    }
    if (begun) {
      over.add(new Run(first, last));
    }
    begun = true;
    first = number;
    last = number;
  }

  /** The number that was seen last; 0 before the first one. */
  synchronized long last() {
    return last;
  }

  synchronized List<Run> runs() {
    List<Run> all = new ArrayList<>(over);
    if (begun) {
      all.add(new Run(first, last));
    }
    return all;
  }
}
