package dev.holdfast.transcoding.json;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The order of one message level as a parser would merge it: the last value of a singular field,
 * all pieces of a message, the last field of a oneof, the last entry of a map key; sorted by field
 * number.
 */
final class WireOrder {
  private static final int NONE = -1;
  private static final int INITIAL_OCCURRENCES = 16;

  private final MessageType type;
  private final JsonWriter scanner;

  /** The field index of each occurrence of a known field; {@link #NONE} once it is overruled. */
  private int[] index = new int[INITIAL_OCCURRENCES];

  private int[] tagAt = new int[INITIAL_OCCURRENCES];
  private int[] valueAt = new int[INITIAL_OCCURRENCES];
  private int[] endAt = new int[INITIAL_OCCURRENCES];

  /** The previous occurrence of the same oneof, for each occurrence. */
  private int[] chain = new int[INITIAL_OCCURRENCES];

  private int count;

  WireOrder(MessageType type, JsonWriter scanner) {
    this.type = type;
    this.scanner = scanner;
  }

  /** Scans a message; true when it is in order already. */
  boolean read(int from, int to) throws CodecException {
    Map<Integer, Set<String>> keys = new HashMap<>();
    int[] oneofs = new int[type.oneofs];
    Arrays.fill(oneofs, NONE);
    boolean kept = true;
    int last = NONE;
    int lastEnd = NONE;
    scanner.pos = from;
    while (scanner.pos < to) {
      int at = scanner.pos;
      int tag = scanner.tag(to);
      int value = scanner.pos;
      FieldPlan field = type.byNumber(tag >>> 3);
      if (field == null || (tag != field.tag && tag != field.packedTag)) {
        scanner.skip(tag, to, 1);
        continue;
      }
      if (isUnknown(field, to)) {
        kept = false;
        scanner.pos = value;
        scanner.skip(tag, to, 1);
        continue;
      }
      scanner.pos = value;
      scanner.skip(tag, to, 1);
      boolean continued = field.index == last && lastEnd == at && (field.repeated || field.map);
      kept &= field.index > last || continued;
      last = Math.max(last, field.index);
      lastEnd = scanner.pos;
      if (field.map && kept) {
        kept = keys.computeIfAbsent(field.index, x -> new HashSet<>()).add(key(field, value, to));
      }
      add(field, at, value, scanner.pos);
      if (field.oneof >= 0) {
        kept &= oneofs[field.oneof] == NONE;
        overrule(field, oneofs);
      }
    }
    return kept;
  }

  private void add(FieldPlan field, int at, int value, int end) {
    if (count == index.length) {
      index = Arrays.copyOf(index, 2 * count);
      tagAt = Arrays.copyOf(tagAt, 2 * count);
      valueAt = Arrays.copyOf(valueAt, 2 * count);
      endAt = Arrays.copyOf(endAt, 2 * count);
      chain = Arrays.copyOf(chain, 2 * count);
    }
    index[count] = field.index;
    tagAt[count] = at;
    valueAt[count] = value;
    endAt[count] = end;
    chain[count] = NONE;
    count++;
  }

  /** Overrules the earlier fields of a oneof. */
  private void overrule(FieldPlan field, int[] oneofs) throws CodecException {
    int before = oneofs[field.oneof];
    if (before != NONE && index[before] != field.index) {
      for (int i = before; i != NONE; i = chain[i]) {
        check(i);
        index[i] = NONE;
      }
      before = NONE;
    }
    chain[count - 1] = before;
    oneofs[field.oneof] = count - 1;
  }

  /** Validates an occurrence that is dropped, as a parser would. */
  private void check(int occurrence) throws CodecException {
    int behind = scanner.pos;
    scanner.pos = tagAt[occurrence];
    int end = endAt[occurrence];
    int tag = scanner.tag(end);
    new WireValidator(scanner).value(type.fields[index[occurrence]], tag, end, 1);
    scanner.pos = behind;
  }

  /** Whether the value here is unknown to a closed enum, or a map entry with such a value. */
  private boolean isUnknown(FieldPlan field, int to) throws CodecException {
    if (field.map && field.mapValue().enums != null && field.mapValue().enums().closed) {
      int end = scanner.endOfPart(to);
      int value = lastOf(field.mapValue(), end);
      scanner.pos = value;
      return value != NONE && isUnknownNumber(field.mapValue(), end);
    }
    boolean closed = field.enums != null && field.enums.closed && !field.repeated;
    return closed && isUnknownNumber(field, to);
  }

  private boolean isUnknownNumber(FieldPlan field, int to) throws CodecException {
    return field.enums().quotedName((int) scanner.varint(to)) == null;
  }

  /** The position of the last value of a field within the part here; {@link #NONE} for none. */
  private int lastOf(FieldPlan field, int end) throws CodecException {
    int found = NONE;
    while (scanner.pos < end) {
      int tag = scanner.tag(end);
      found = tag == field.tag ? scanner.pos : found;
      scanner.skip(tag, end, 1);
    }
    return found;
  }

  /** The key of a map entry as JSON text. */
  private String key(FieldPlan map, int entry, int to) throws CodecException {
    int behind = scanner.pos;
    scanner.pos = entry;
    int end = scanner.endOfPart(to);
    int at = lastOf(map.mapKey(), end);
    String key = "";
    if (at != NONE) {
      scanner.pos = at;
      int mark = scanner.out.size;
      ScalarWriter.write(scanner, map.mapKey(), end, true);
      key =
          new String(scanner.out.bytes, mark, scanner.out.size - mark, StandardCharsets.ISO_8859_1);
      scanner.out.size = mark;
    }
    scanner.pos = behind;
    return key;
  }

  /** The message in order, in a new array. */
  byte[] sorted() throws CodecException {
    long[] order = new long[count];
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (index[i] != NONE) {
        order[kept++] = (long) index[i] << Integer.SIZE | i;
      }
    }
    Arrays.sort(order, 0, kept);
    CodecBuffer sorted = new CodecBuffer();
    int first = 0;
    while (first < kept) {
      int field = (int) (order[first] >>> Integer.SIZE);
      int behind = first;
      while (behind < kept && (int) (order[behind] >>> Integer.SIZE) == field) {
        behind++;
      }
      int[] occurrences = new int[behind - first];
      for (int i = first; i < behind; i++) {
        occurrences[i - first] = (int) order[i];
      }
      put(type.fields[field], occurrences, sorted);
      first = behind;
    }
    return sorted.toByteArray();
  }

  private void put(FieldPlan field, int[] occurrences, CodecBuffer sorted) throws CodecException {
    if (field.map) {
      Map<String, Integer> last = new HashMap<>();
      for (int one : occurrences) {
        Integer before = last.put(key(field, valueAt[one], endAt[one]), one);
        if (before != null) {
          check(before);
        }
      }
      for (int one : last.values()) {
        sorted.append(scanner.in, tagAt[one], endAt[one] - tagAt[one]);
      }
    } else if (field.repeated) {
      for (int one : occurrences) {
        sorted.append(scanner.in, tagAt[one], endAt[one] - tagAt[one]);
      }
    } else if (field.message == null) {
      for (int i = 0; i < occurrences.length - 1; i++) {
        check(occurrences[i]);
      }
      int one = occurrences[occurrences.length - 1];
      sorted.append(scanner.in, tagAt[one], endAt[one] - tagAt[one]);
    } else {
      merged(field, occurrences, sorted);
    }
  }

  private void merged(FieldPlan field, int[] occurrences, CodecBuffer sorted)
      throws CodecException {
    sorted.putVarint32(field.tag);
    int content = field.isGroup() ? 0 : sorted.open();
    for (int one : occurrences) {
      if (occurrences.length > 1) {
        // A field that is cut off would continue in the bytes of the next occurrence.
        check(one);
      }
      int from = valueAt[one];
      int to = endAt[one];
      if (field.isGroup()) {
        scanner.pos = from;
        to = scanner.endOfGroup(field.tag, to, 1);
      } else {
        scanner.pos = from;
        scanner.endOfPart(to);
        from = scanner.pos;
      }
      sorted.append(scanner.in, from, to - from);
    }
    if (field.isGroup()) {
      sorted.putVarint32(field.tag + 1);
    } else {
      sorted.close(content);
    }
  }
}
