package dev.holdfast.gateway.http2.hpack;

import io.netty.util.AsciiString;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The static table and the dynamic table of a decoder in one space of indexes (RFC 7541, 2.3).
 * Confined to the thread of the decoder.
 */
final class HeaderTable {
  /** RFC 7541, appendix A: names, each followed by its value in the fields that have one. */
  private static final String[] STATIC_TABLE = {
    ":authority=",
    ":method=GET",
    ":method=POST",
    ":path=/",
    ":path=/index.html",
    ":scheme=http",
    ":scheme=https",
    ":status=200",
    ":status=204",
    ":status=206",
    ":status=304",
    ":status=400",
    ":status=404",
    ":status=500",
    "accept-charset=",
    "accept-encoding=gzip, deflate",
    "accept-language=",
    "accept-ranges=",
    "accept=",
    "access-control-allow-origin=",
    "age=",
    "allow=",
    "authorization=",
    "cache-control=",
    "content-disposition=",
    "content-encoding=",
    "content-language=",
    "content-length=",
    "content-location=",
    "content-range=",
    "content-type=",
    "cookie=",
    "date=",
    "etag=",
    "expect=",
    "expires=",
    "from=",
    "host=",
    "if-match=",
    "if-modified-since=",
    "if-none-match=",
    "if-range=",
    "if-unmodified-since=",
    "last-modified=",
    "link=",
    "location=",
    "max-forwards=",
    "proxy-authenticate=",
    "proxy-authorization=",
    "range=",
    "referer=",
    "refresh=",
    "retry-after=",
    "server=",
    "set-cookie=",
    "strict-transport-security=",
    "transfer-encoding=",
    "user-agent=",
    "vary=",
    "via=",
    "www-authenticate="
  };

  private static final HeaderField[] STATIC_FIELDS = staticFields();
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
    int dynamic = index - STATIC_FIELDS.length;
    if (dynamic < 0) {
      return index <= 0 ? null : STATIC_FIELDS[index];
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

  private static HeaderField[] staticFields() {
    Map<String, FieldName> names = new HashMap<>();
    HeaderField[] fields = new HeaderField[STATIC_TABLE.length + 1];
    for (int i = 0; i < STATIC_TABLE.length; i++) {
      String each = STATIC_TABLE[i];
      int split = each.indexOf('=');
      FieldName name =
          names.computeIfAbsent(
              each.substring(0, split), text -> new FieldName(AsciiString.cached(text)));
      fields[i + 1] = new HeaderField(name, AsciiString.cached(each.substring(split + 1)));
    }
    // Index 0 is no field's (RFC 7541, 6.1).
    fields[0] = fields[1];
    return fields;
  }
}
