package dev.holdfast.gateway.http2.codec;

import org.jspecify.annotations.Nullable;

/**
 * The open streams of a connection by number: a hash table with open addressing, without boxed keys
 * or entries.
 */
final class StreamTable {
  private static final int LEAST_SLOTS = 4;
  private static final int SPREAD = 0x9E37_79B9;
  private static final int SPREAD_SHIFT = 12;

  private @Nullable FrameStream[] slots = new FrameStream[LEAST_SLOTS];
  private int size;

  int size() {
    return size;
  }

  @Nullable FrameStream get(int id) {
    int mask = slots.length - 1;
    for (int i = home(id); ; i = (i + 1) & mask) {
      FrameStream there = slots[i];
      if (there == null || there.id() == id) {
        return there;
      }
    }
  }

  /** Adds a stream whose number is not in the table. */
  void add(FrameStream stream) {
    if (2 * size >= slots.length) {
      @Nullable FrameStream[] before = slots;
      slots = new FrameStream[2 * before.length];
      for (FrameStream each : before) {
        if (each != null) {
          place(each);
        }
      }
    }
    place(stream);
    size++;
  }

  /** Removes a stream that is in the table. Later entries move up, so that no gap hides them. */
  void remove(int id) {
    int mask = slots.length - 1;
    int gap = home(id);
    for (FrameStream there = slots[gap]; there != null && there.id() != id; there = slots[gap]) {
      gap = (gap + 1) & mask;
    }
    if (slots[gap] == null) {
      return;
    }
    size--;
    slots[gap] = null;
    for (int i = (gap + 1) & mask; ; i = (i + 1) & mask) {
      FrameStream there = slots[i];
      if (there == null) {
        return;
      }
      int distance = (i - home(there.id())) & mask;
      if (distance >= ((i - gap) & mask)) {
        slots[gap] = there;
        slots[i] = null;
        gap = i;
      }
    }
  }

  /** The open streams, in no order; the array is not affected by later changes. */
  FrameStream[] all() {
    FrameStream[] all = new FrameStream[size];
    int count = 0;
    for (FrameStream each : slots) {
      if (each != null) {
        all[count++] = each;
      }
    }
    return all;
  }

  private void place(FrameStream stream) {
    int mask = slots.length - 1;
    int i = home(stream.id());
    while (slots[i] != null) {
      i = (i + 1) & mask;
    }
    slots[i] = stream;
  }

  /** The first slot of a number; the numbers are all odd or all even. */
  private int home(int id) {
    return (((id >>> 1) * SPREAD) >>> SPREAD_SHIFT) & (slots.length - 1);
  }
}
