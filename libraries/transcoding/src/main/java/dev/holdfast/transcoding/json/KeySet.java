package dev.holdfast.transcoding.json;

import java.security.SecureRandom;
import java.util.Arrays;

/**
 * The set of keys of one map so far, as ranges of an array that may be moved as a whole. A few keys
 * are compared one by one. More are hashed with a random seed, which prevents hash-flooding
 * attacks.
 */
final class KeySet {
  private static final int COMPARED = 8;
  private static final long SECRET = new SecureRandom().nextLong() | 1;

  private int[] ranges = new int[2 * COMPARED];
  private int count;
  private int[] slots = {};
  private int lastSlot;

  /** Adds a key; false when it was there before. */
  boolean add(byte[] bytes, int from, int to) {
    if (count < COMPARED) {
      for (int i = 0; i < count; i++) {
        if (isAt(i, bytes, from, to)) {
          return false;
        }
      }
      append(from, to);
      return true;
    }
    if (count * 2 >= slots.length) {
      slots = new int[Math.max(4 * COMPARED, slots.length * 2)];
      for (int i = 0; i < count; i++) {
        slots[freeOrEqual(bytes, ranges[2 * i], ranges[2 * i + 1])] = i + 1;
      }
    }
    int slot = freeOrEqual(bytes, from, to);
    if (slots[slot] != 0) {
      return false;
    }
    append(from, to);
    slots[slot] = count;
    lastSlot = slot;
    return true;
  }

  /** Shifts the range of the key that was added last. */
  void moveLast(int bytes) {
    ranges[2 * count - 2] += bytes;
    ranges[2 * count - 1] += bytes;
  }

  /** Forgets the key added last; no other was put behind it since. */
  void dropLast() {
    count--;
    if (count >= COMPARED) {
      slots[lastSlot] = 0;
    }
  }

  private void append(int from, int to) {
    if (ranges.length == 2 * count) {
      ranges = Arrays.copyOf(ranges, 4 * count);
    }
    ranges[2 * count] = from;
    ranges[2 * count + 1] = to;
    count++;
  }

  private boolean isAt(int index, byte[] bytes, int from, int to) {
    return Arrays.equals(bytes, ranges[2 * index], ranges[2 * index + 1], bytes, from, to);
  }

  private int freeOrEqual(byte[] bytes, int from, int to) {
    int slot = hash(bytes, from, to) & slots.length - 1;
    while (slots[slot] != 0 && !isAt(slots[slot] - 1, bytes, from, to)) {
      slot = (slot + 1) & slots.length - 1;
    }
    return slot;
  }

  private static int hash(byte[] bytes, int from, int to) {
    long hash = (long) to - from;
    int at = from;
    for (; at + 8 <= to; at += 8) {
      hash = (hash ^ (long) CodecBuffer.LONGS.get(bytes, at)) * SECRET;
      hash ^= hash >>> 29;
    }
    long rest = 0;
    for (; at < to; at++) {
      rest = rest << 8 | (bytes[at] & 0xff);
    }
    hash = (hash ^ rest) * SECRET;
    return (int) (hash >>> 32);
  }
}
