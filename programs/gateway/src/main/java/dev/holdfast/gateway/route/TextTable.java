package dev.holdfast.gateway.route;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A hash table that is searched with a part of any text, so that a lookup allocates no string.
 * ASCII letters may be compared without case. Immutable.
 *
 * @param <V> the type of the values
 */
final class TextTable<V> {
  private static final int MULTIPLIER = 31;

  private final boolean anyCase;
  private final @Nullable String[] keys;
  private final @Nullable Object[] values;
  private final int mask;
  private final int size;

  private TextTable(Map<String, V> entries, boolean anyCase) {
    this.anyCase = anyCase;
    // At most a third full: a miss ends at its first or second slot.
    int slots = Integer.highestOneBit(Math.max(1, entries.size()) * 3) * 2;
    this.keys = new String[slots];
    this.values = new Object[slots];
    this.mask = slots - 1;
    this.size = entries.size();
    entries.forEach(this::put);
  }

  /** Creates a table with case-sensitive keys. */
  static <V> TextTable<V> of(Map<String, V> entries) {
    return new TextTable<>(entries, false);
  }

  /** Creates a table that ignores the case of ASCII letters. */
  static <V> TextTable<V> ofAnyCase(Map<String, V> entries) {
    return new TextTable<>(entries, true);
  }

  boolean isEmpty() {
    return size == 0;
  }

  private void put(String key, V value) {
    int slot = hash(key, 0, key.length()) & mask;
    while (keys[slot] != null) {
      slot = (slot + 1) & mask;
    }
    keys[slot] = key;
    values[slot] = value;
  }

  /**
   * The value of the characters of a text from one index to before another; null when there is
   * none.
   */
  @Nullable V find(CharSequence text, int from, int to) {
    if (size == 0) {
      return null;
    }
    int slot = hash(text, from, to) & mask;
    for (String key = keys[slot]; key != null; key = keys[slot]) {
      if (equal(key, text, from, to)) {
        return valueAt(slot);
      }
      slot = (slot + 1) & mask;
    }
    return null;
  }

  // Only values of type V are put in.
  @SuppressWarnings("unchecked")
  private @Nullable V valueAt(int slot) {
    return (V) values[slot];
  }

  private int hash(CharSequence text, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = hash * MULTIPLIER + sized(text.charAt(i));
    }
    return hash ^ (hash >>> 16);
  }

  private boolean equal(String key, CharSequence text, int from, int to) {
    if (key.length() != to - from) {
      return false;
    }
    for (int i = from; i < to; i++) {
      if (sized(text.charAt(i)) != sized(key.charAt(i - from))) {
        return false;
      }
    }
    return true;
  }

  private char sized(char c) {
    return anyCase && c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
  }
}
