package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;

/** A queue of message sizes: as {@code ArrayDeque<Integer>}, without an object for each of them. */
@PureCore
final class SizeQueue {
  private static final int[] EMPTY = {};
  private static final int FIRST_SLOTS = 2;

  private int[] slots = EMPTY;
  private int first;
  private int count;

  void add(int sizeBytes) {
    if (count == slots.length) {
      grow();
    }
    slots[(first + count) & (slots.length - 1)] = sizeBytes;
    count++;
  }

  boolean isEmpty() {
    return count == 0;
  }

  /** The oldest size; the queue must have one. */
  int remove() {
    int sizeBytes = slots[first];
    first = (first + 1) & (slots.length - 1);
    count--;
    return sizeBytes;
  }

  void clear() {
    count = 0;
  }

  private void grow() {
    int[] larger = new int[Math.max(FIRST_SLOTS, 2 * slots.length)];
    for (int i = 0; i < count; i++) {
      larger[i] = slots[(first + i) & (slots.length - 1)];
    }
    slots = larger;
    first = 0;
  }
}
