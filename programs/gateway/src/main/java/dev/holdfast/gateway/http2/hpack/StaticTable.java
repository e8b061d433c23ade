package dev.holdfast.gateway.http2.hpack;

import io.netty.util.AsciiString;
import java.util.HashMap;
import java.util.Map;

/** The static table (RFC 7541, appendix A), by index and by name. */
final class StaticTable {
  /** Names, each followed by its value in the fields that have one. */
  private static final String[] TEXT = {
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

  /** The number of fields; their indexes begin at 1. */
  static final int SIZE = TEXT.length;

  private static final int SLOTS = 256;
  private static final HeaderField[] FIELDS = fields();

  /** The index of each name's first field, by the hash of the name; open addressing. */
  private static final int[] INDEX_BY_NAME = indexByName();

  private StaticTable() {}

  /** The field at an index from 1 to {@link #SIZE}. */
  static HeaderField get(int index) {
    return FIELDS[index];
  }

  /** The index of the first field with this name; 0 for none. */
  static int indexOfName(AsciiString name) {
    int slot = slot(name);
    int index = INDEX_BY_NAME[slot];
    while (index != 0 && !FIELDS[index].name().text().equals(name)) {
      slot = (slot + 1) & (SLOTS - 1);
      index = INDEX_BY_NAME[slot];
    }
    return index;
  }

  /**
   * The index of the field with this name and value; 0 for none.
   *
   * @param first the index of the first field with the name
   */
  static int indexOf(int first, AsciiString value) {
    if (value.isEmpty()) {
      // An empty value in the table stands for none.
      return 0;
    }
    FieldName name = FIELDS[first].name();
    for (int i = first; i <= SIZE && FIELDS[i].name() == name; i++) {
      if (FIELDS[i].value().equals(value)) {
        return i;
      }
    }
    return 0;
  }

  private static int slot(AsciiString name) {
    int hash = name.hashCode();
    return (hash ^ hash >>> Short.SIZE) & (SLOTS - 1);
  }

  private static int[] indexByName() {
    int[] indexes = new int[SLOTS];
    for (int i = SIZE; i > 0; i--) {
      int slot = slot(FIELDS[i].name().text());
      while (indexes[slot] != 0 && FIELDS[indexes[slot]].name() != FIELDS[i].name()) {
        slot = (slot + 1) & (SLOTS - 1);
      }
      indexes[slot] = i;
    }
    return indexes;
  }

  private static HeaderField[] fields() {
    Map<String, FieldName> names = new HashMap<>();
    HeaderField[] fields = new HeaderField[SIZE + 1];
    for (int i = 0; i < SIZE; i++) {
      String each = TEXT[i];
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
