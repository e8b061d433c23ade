package dev.holdfast.transcoding.json;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Lookup of values by the UTF-8 bytes of a name, without creating a String: open addressing, at
 * most half full. Immutable.
 */
final class NameTable<T> {
  private static final long FACTOR = 0x9e3779b97f4a7c15L;

  private final byte[] @Nullable [] names;
  private final Object[] values;
  private final int mask;

  NameTable(Map<String, T> entries) {
    int slots = Integer.highestOneBit(Math.max(1, entries.size()) * 2) << 1;
    this.names = new byte[slots][];
    this.values = new Object[slots];
    this.mask = slots - 1;
    entries.forEach((name, value) -> add(name.getBytes(StandardCharsets.UTF_8), value));
  }

  private void add(byte[] name, T value) {
    int slot = hash(name, 0, name.length) & mask;
    while (names[slot] != null) {
      slot = (slot + 1) & mask;
    }
    names[slot] = name;
    values[slot] = value;
  }

  @SuppressWarnings("unchecked") // only add() fills it
  @Nullable T find(byte[] bytes, int from, int to) {
    int slot = hash(bytes, from, to) & mask;
    while (true) {
      byte[] name = names[slot];
      if (name == null) {
        return null;
      }
      if (name.length == to - from && Arrays.equals(name, 0, name.length, bytes, from, to)) {
        return (T) values[slot];
      }
      slot = (slot + 1) & mask;
    }
  }

  /**
   * A hash of the length and at most the first and the last eight bytes, where names usually
   * differ.
   */
  private static int hash(byte[] bytes, int from, int to) {
    int length = to - from;
    long mixed;
    if (length >= 8) {
      long first = (long) CodecBuffer.LONGS.get(bytes, from);
      long last = (long) CodecBuffer.LONGS.get(bytes, to - 8);
      mixed = first * FACTOR ^ last;
    } else {
      mixed = 0;
      for (int i = from; i < to; i++) {
        mixed = mixed << 8 | (bytes[i] & 0xff);
      }
    }
    long spread = (mixed ^ length) * FACTOR;
    return (int) (spread >>> 32);
  }
}
