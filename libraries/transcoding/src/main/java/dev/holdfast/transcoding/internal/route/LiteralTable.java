package dev.holdfast.transcoding.internal.route;

import java.util.Arrays;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Hash table of decoded literals, looked up by a range of a raw path without creating a String. */
final class LiteralTable<V> {
  private static final int FIRST_ROOM = 4;

  private final Supplier<V> maker;
  private @Nullable String[] keys = new String[0];
  private Object[] values = new Object[0];
  private int size;

  /** A table that makes the values of new literals by {@code maker}. */
  LiteralTable(Supplier<V> maker) {
    this.maker = maker;
  }

  V getOrAdd(String literal) {
    V known = get(literal, 0, literal.length());
    if (known != null) {
      return known;
    }
    if (2 * (size + 1) > keys.length) {
      grow();
    }
    V made = maker.get();
    put(literal, made);
    size++;
    return made;
  }

  /** The value for a range of a path, compared decoded; null for none. */
  @Nullable V find(CharSequence path, int from, int to) {
    if (size == 0) {
      return null;
    }
    if (isEscaped(path, from, to)) {
      String decoded = PercentDecoding.ALL.decode(path, from, to, "path");
      return get(decoded, 0, decoded.length());
    }
    return get(path, from, to);
  }

  /** Whether a range of a path is this literal. */
  static boolean same(String literal, CharSequence path, int from, int to) {
    return isEscaped(path, from, to)
        ? literal.equals(PercentDecoding.ALL.decode(path, from, to, "path"))
        : equal(literal, path, from, to);
  }

  private static boolean isEscaped(CharSequence path, int from, int to) {
    for (int i = from; i < to; i++) {
      if (path.charAt(i) == '%') {
        return true;
      }
    }
    return false;
  }

  @SuppressWarnings("unchecked") // Only values of the maker are put in.
  private @Nullable V get(CharSequence text, int from, int to) {
    if (size == 0) {
      return null;
    }
    int slot = hash(text, from, to) & (keys.length - 1);
    for (String key = keys[slot]; key != null; key = keys[slot]) {
      if (equal(key, text, from, to)) {
        return (V) values[slot];
      }
      slot = (slot + 1) & (keys.length - 1);
    }
    return null;
  }

  private void put(String literal, Object value) {
    int slot = hash(literal, 0, literal.length()) & (keys.length - 1);
    while (keys[slot] != null) {
      slot = (slot + 1) & (keys.length - 1);
    }
    keys[slot] = literal;
    values[slot] = value;
  }

  private void grow() {
    @Nullable String[] oldKeys = keys;
    Object[] oldValues = values;
    keys = new String[Math.max(FIRST_ROOM, 2 * oldKeys.length)];
    values = Arrays.copyOf(new Object[0], keys.length);
    for (int i = 0; i < oldKeys.length; i++) {
      String key = oldKeys[i];
      if (key != null) {
        put(key, oldValues[i]);
      }
    }
  }

  private static boolean equal(String literal, CharSequence text, int from, int to) {
    if (literal.length() != to - from) {
      return false;
    }
    for (int i = 0; i < literal.length(); i++) {
      if (literal.charAt(i) != text.charAt(from + i)) {
        return false;
      }
    }
    return true;
  }

  private static int hash(CharSequence text, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + text.charAt(i);
    }
    return hash ^ (hash >>> 15);
  }
}
