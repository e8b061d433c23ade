package dev.holdfast.transcoding.json;

import org.jspecify.annotations.Nullable;

/** A bit set of a message's fields and oneofs. */
final class FieldBitSet {
  private long few;
  private final long @Nullable [] many;

  FieldBitSet(int count) {
    this.many = count > Long.SIZE ? new long[(count + Long.SIZE - 1) / Long.SIZE] : null;
  }

  /** Marks one; true when it was marked before. */
  boolean set(int index) {
    long bit = 1L << index;
    if (many == null) {
      boolean before = (few & bit) != 0;
      few |= bit;
      return before;
    }
    boolean before = (many[index >>> 6] & bit) != 0;
    many[index >>> 6] |= bit;
    return before;
  }
}
