package dev.holdfast.gateway.http2.hpack;

import io.netty.util.AsciiString;
import org.jspecify.annotations.Nullable;

/**
 * The dynamic table of an encoder (RFC 7541, 2.3.2), which finds the index of a field. Confined to
 * the thread of the encoder.
 */
final class EncoderTable {
  private static final int OVERHEAD_BYTES = 32;
  private static final int BUCKETS = 64;
  private static final int SMALLEST_RING = 16;

  /** The fields by hash, each list from the newest to the oldest; empty until there is a field. */
  private @Nullable Entry[] buckets = {};

  /** The fields as a ring in the order of their numbers, whose length is a power of two. */
  private @Nullable Entry[] ring = {};

  /** The number of the next field. */
  private int next;

  private int count;
  private int bytes;
  private int capacity;
  private long changes;

  private static final class Entry {
    final AsciiString name;
    final AsciiString value;
    final int hash;
    final int number;
    @Nullable Entry older;

    Entry(AsciiString name, AsciiString value, int hash, int number, @Nullable Entry older) {
      this.name = name;
      this.value = value;
      this.hash = hash;
      this.number = number;
      this.older = older;
    }

    int size() {
      return sizeOf(name, value);
    }
  }

  /**
   * @param capacity in bytes
   */
  EncoderTable(int capacity) {
    this.capacity = capacity;
  }

  /** The size of a field in bytes (RFC 7541, 4.1). */
  static int sizeOf(CharSequence name, CharSequence value) {
    return name.length() + value.length() + OVERHEAD_BYTES;
  }

  int capacity() {
    return capacity;
  }

  /** The number of changes; equal fields are encoded to equal bytes while it stays the same. */
  long changes() {
    return changes;
  }

  /**
   * The index of a field after the static table's; 0 if it is not in the table.
   *
   * @param hash of the field, see {@link HpackIndexingPolicy#hash}
   */
  int indexOf(int hash, AsciiString name, AsciiString value) {
    if (count == 0) {
      return 0;
    }
    for (Entry each = buckets[bucket(hash)]; each != null; each = each.older) {
      if (each.hash == hash && each.value.equals(value) && each.name.equals(name)) {
        return StaticTable.SIZE + next - each.number;
      }
    }
    return 0;
  }

  /** Adds a field that fits into the table, and evicts older ones until there is room for it. */
  void add(int hash, AsciiString name, AsciiString value) {
    changes++;
    int size = sizeOf(name, value);
    evictTo(capacity - size);
    if (count == ring.length) {
      grow();
    }
    int bucket = bucket(hash);
    Entry entry = new Entry(exact(name), exact(value), hash, next, buckets[bucket]);
    buckets[bucket] = entry;
    ring[next & (ring.length - 1)] = entry;
    next++;
    count++;
    bytes += size;
  }

  /** Sets the capacity in bytes, which evicts what exceeds it. */
  void resize(int newCapacity) {
    changes++;
    capacity = newCapacity;
    evictTo(newCapacity);
  }

  private void evictTo(int mostBytes) {
    while (count > 0 && bytes > mostBytes) {
      int place = (next - count) & (ring.length - 1);
      Entry oldest = ring[place];
      ring[place] = null;
      count--;
      if (oldest != null) {
        bytes -= oldest.size();
        removeLast(bucket(oldest.hash));
      }
    }
  }

  /** Removes the oldest field of a bucket, which is also the oldest of its list. */
  private void removeLast(int bucket) {
    Entry before = null;
    Entry last = buckets[bucket];
    while (last != null && last.older != null) {
      before = last;
      last = last.older;
    }
    if (before == null) {
      buckets[bucket] = null;
    } else {
      before.older = null;
    }
  }

  private void grow() {
    if (buckets.length == 0) {
      buckets = new Entry[BUCKETS];
    }
    @Nullable Entry[] larger = new Entry[Math.max(SMALLEST_RING, ring.length * 2)];
    for (int number = next - count; number != next; number++) {
      larger[number & (larger.length - 1)] = ring[number & (ring.length - 1)];
    }
    ring = larger;
  }

  /** The text in an array of its own size, as the table may keep it for long. */
  private static AsciiString exact(AsciiString text) {
    return text.isEntireArrayUsed()
        ? text
        : new AsciiString(text.array(), text.arrayOffset(), text.length(), true);
  }

  private static int bucket(int hash) {
    return (hash ^ hash >>> Short.SIZE) & (BUCKETS - 1);
  }
}
