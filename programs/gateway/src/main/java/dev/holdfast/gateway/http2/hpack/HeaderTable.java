package dev.holdfast.gateway.http2.hpack;

import org.jspecify.annotations.Nullable;

/**
 * The static table and the dynamic table of a decoder in one space of indexes (RFC 7541, 2.3).
 * Confined to the thread of the decoder.
 */
final class HeaderTable {
  private static final int SMALLEST_RING = 16;

  /** The fields of the dynamic table as a ring, whose length is a power of two. */
  private @Nullable HeaderField[] ring = {};

  /** The position in the ring, before its remainder, where the next field goes. */
  private int head;

  private int count;
  private long bytes;
  private long capacity;
  private long changes;

  /**
   * @param capacity of the dynamic table in bytes
   */
  HeaderTable(long capacity) {
    this.capacity = capacity;
  }

  /** The capacity of the dynamic table in bytes. */
  long capacity() {
    return capacity;
  }

  /** The number of times that the dynamic table changed, or was given the capacity that it had. */
  long changes() {
    return changes;
  }

  /** The field at an index, which begins at 1; null for none. */
  @Nullable HeaderField get(int index) {
    int dynamic = index - StaticTable.SIZE - 1;
    if (dynamic < 0) {
      return index <= 0 ? null : StaticTable.get(index);
    }
    return dynamic < count ? ring[(head - 1 - dynamic) & (ring.length - 1)] : null;
  }

  /** Adds a field to the dynamic table, which evicts older ones until there is room for it. */
  void add(HeaderField field) {
    changes++;
    evictTo(capacity - field.size());
    if (field.size() > capacity) {
      return;
    }
    if (count == ring.length) {
      grow();
    }
    ring[head & (ring.length - 1)] = field;
    head++;
    count++;
    bytes += field.size();
  }

  /** Sets the capacity of the dynamic table in bytes, which evicts what exceeds it. */
  void resize(long newCapacity) {
    changes++;
    capacity = newCapacity;
    evictTo(newCapacity);
  }

  private void evictTo(long mostBytes) {
    while (count > 0 && bytes > mostBytes) {
      int oldest = (head - count) & (ring.length - 1);
      HeaderField evicted = ring[oldest];
      bytes -= evicted == null ? 0 : evicted.size();
      ring[oldest] = null;
      count--;
    }
  }

  private void grow() {
    @Nullable HeaderField[] larger = new HeaderField[Math.max(SMALLEST_RING, ring.length * 2)];
    for (int i = 0; i < count; i++) {
      larger[i] = ring[(head - count + i) & (ring.length - 1)];
    }
    ring = larger;
    head = count;
  }
}
