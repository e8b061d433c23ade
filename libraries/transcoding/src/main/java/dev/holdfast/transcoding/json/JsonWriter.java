package dev.holdfast.transcoding.json;

import dev.holdfast.core.annotation.Limit;

/**
 * Reader of one binary protobuf message that appends its JSON. A message in canonical order, with
 * fields by number and singular ones once, is printed in one pass. Any other message is reordered
 * first ({@link WireOrder}). Used for one message by one thread.
 */
final class JsonWriter extends WireScanner {
  /** The maximum number of bytes that are reordered at one time; nested messages add up. */
  @Limit(
      of = "a message whose fields are out of order, nested ones counted again",
      then = "it is not translated")
  private static final int MAX_REORDERED_BYTES = 64 << 20;

  final JsonCodec codec;
  final CodecBuffer out;
  private final boolean enumsAsNumbers;
  private final boolean printDefaults;
  private final WellKnownWriter wellKnown = new WellKnownWriter(this);

  /**
   * Whether a message out of order was found; from then on each message is checked before printing.
   */
  private boolean suspicious;

  private int reorderedBytes;

  JsonWriter(JsonCodec codec, byte[] in, int start, CodecBuffer out) {
    super(in, start);
    this.codec = codec;
    this.out = out;
    this.enumsAsNumbers = codec.options().enumsAsNumbers();
    this.printDefaults = codec.options().printDefaults();
  }

  /** Prints a message as a JSON value. */
  void content(MessageType type, int from, int to, int depth) throws CodecException {
    checkDepth(depth);
    if (type.wellKnown == WellKnown.NONE) {
      out.put((byte) '{');
      members(type, from, to, depth, false);
      out.put((byte) '}');
    } else {
      wellKnown.content(type, from, to, depth);
    }
  }

  /**
   * Prints the fields of a message, without braces.
   *
   * @param comma whether another member is in front of them
   */
  void members(MessageType type, int from, int to, int depth, boolean comma) throws CodecException {
    inOrder(type, from, to, (first, end) -> fields(type, first, end, depth, comma));
  }

  /** Prints a message in one pass; if that fails, reorders the message and prints it again. */
  void inOrder(MessageType type, int from, int to, Printer printer) throws CodecException {
    int before = out.size;
    if (!suspicious) {
      if (printer.print(from, to)) {
        return;
      }
      // From now on none is printed twice: within each other these would double the work.
      suspicious = true;
    }
    out.size = before;
    WireOrder order = new WireOrder(type, this);
    if (order.read(from, to)) {
      printed(printer, from, to);
    } else {
      reordered(order, from, to, printer);
    }
  }

  private void reordered(WireOrder order, int from, int to, Printer printer) throws CodecException {
    reorderedBytes += to - from;
    if (reorderedBytes > MAX_REORDERED_BYTES) {
      throw failure("too much out of order (expected: " + MAX_REORDERED_BYTES + " bytes at most)");
    }
    byte[] given = in;
    byte[] sorted = order.sorted();
    in = sorted;
    printed(printer, 0, sorted.length);
    in = given;
    reorderedBytes -= to - from;
  }

  private static void printed(Printer printer, int from, int to) throws CodecException {
    if (!printer.print(from, to)) {
      throw new IllegalStateException("a message put in order is out of order");
    }
  }

  /** Prints fields; false as soon as they are found to be out of order. */
  private boolean fields(MessageType type, int from, int to, int depth, boolean before)
      throws CodecException {
    boolean comma = before;
    FieldBitSet oneofs = type.oneofs == 0 ? null : new FieldBitSet(type.oneofs);
    int required = 0;
    int last = -1;
    pos = from;
    while (pos < to) {
      int tag = tag(to);
      FieldPlan field = type.byNumber(tag >>> 3);
      if (field == null || (tag != field.tag && tag != field.packedTag)) {
        skip(tag, to, depth);
        continue;
      }
      if (field.index <= last) {
        return false;
      }
      if (printDefaults) {
        comma = absent(type, last + 1, field.index, comma);
      }
      last = field.index;
      int mark = out.size;
      out.put(comma ? field.nextKey : field.key);
      int value = out.size;
      if (!value(field, tag, to, depth)) {
        return false;
      }
      if (out.size == value) {
        out.size = mark;
        continue;
      }
      comma = true;
      required += field.required ? 1 : 0;
      if (field.oneof >= 0 && oneofs != null && oneofs.set(field.oneof)) {
        return false;
      }
    }
    if (printDefaults) {
      absent(type, last + 1, type.fields.length, comma);
    }
    if (required < type.requiredCount) {
      throw failure("a required field is missing (expected: all of them)");
    }
    return true;
  }

  private boolean absent(MessageType type, int from, int to, boolean before) throws CodecException {
    boolean comma = before;
    for (int i = from; i < to; i++) {
      FieldPlan field = type.fields[i];
      if (field.printAbsent) {
        out.put(comma ? field.nextKey : field.key);
        out.put(field.defaultJson);
        comma = true;
      }
    }
    return comma;
  }

  /**
   * Prints the value or values of a field, behind its first tag; prints nothing for an omitted
   * zero. False when a map has a duplicate key.
   */
  private boolean value(FieldPlan field, int tag, int to, int depth) throws CodecException {
    try {
      if (field.repeated) {
        list(field, tag, to, depth);
        return true;
      }
      if (field.map) {
        return map(field, to, depth);
      }
      return single(field, to, depth, field.omitZero);
    } catch (CodecException e) {
      throw e.within(field.name);
    }
  }

  /** Prints consecutive elements; prints nothing when there is none. */
  void list(FieldPlan field, int firstTag, int to, int depth) throws CodecException {
    int tag = firstTag;
    int before = out.size;
    int index = 0;
    out.put((byte) '[');
    try {
      while (true) {
        int part = tag == field.tag ? 0 : endOfPart(to);
        int end = part == 0 ? to : part;
        boolean more = part == 0 || pos < part;
        while (more) {
          int mark = out.size;
          if (index > 0) {
            out.put((byte) ',');
          }
          int value = out.size;
          single(field, end, depth, false);
          if (out.size == value) {
            out.size = mark;
          } else {
            index++;
          }
          more = part != 0 && pos < part;
        }
        int behind = pos;
        tag = pos < to ? tag(to) : 0;
        if (tag == 0 || (tag != field.tag && tag != field.packedTag)) {
          pos = behind;
          break;
        }
      }
    } catch (CodecException e) {
      throw e.within("[" + index + "]");
    }
    if (index == 0) {
      out.size = before;
    } else {
      out.put((byte) ']');
    }
  }

  /** Prints consecutive entries; false when two have the same key. */
  boolean map(FieldPlan field, int to, int depth) throws CodecException {
    int before = out.size;
    boolean comma = false;
    KeySet keys = new KeySet();
    out.put((byte) '{');
    while (true) {
      int mark = out.size;
      int end = endOfPart(to);
      if (comma) {
        out.put((byte) ',');
      }
      int key = out.size;
      if (entry(field, pos, end, depth)) {
        if (!keys.add(out.bytes, key, endOfKey)) {
          return false;
        }
        comma = true;
      } else {
        out.size = mark;
      }
      pos = end;
      int behind = pos;
      if (pos == to || tag(to) != field.tag) {
        pos = behind;
        break;
      }
    }
    if (comma) {
      out.put((byte) '}');
    } else {
      out.size = before;
    }
    return true;
  }

  /** The end of the key in the entry that was printed last. */
  private int endOfKey;

  /**
   * Prints a map entry. False for an unknown value of a closed enum; the caller must discard the
   * partial output then.
   */
  private boolean entry(FieldPlan map, int from, int to, int depth) throws CodecException {
    FieldPlan key = map.mapKey();
    FieldPlan value = map.mapValue();
    int keyAt = -1;
    int valueAt = -1;
    pos = from;
    while (pos < to) {
      int tag = tag(to);
      if (tag == key.tag && keyAt < 0) {
        keyAt = pos;
      } else if (tag == value.tag && valueAt < 0) {
        valueAt = pos;
      } else if (tag == key.tag || tag == value.tag) {
        return entryInOrder(map, from, to, depth);
      }
      skip(tag, to, depth);
    }
    boolean quoted = !ScalarWriter.isQuoted(key);
    if (quoted) {
      out.put((byte) '"');
    }
    if (keyAt < 0) {
      out.put(key.defaultJson);
    } else {
      pos = keyAt;
      ScalarWriter.write(this, key, to, false);
    }
    if (quoted) {
      out.put((byte) '"');
    }
    int end = out.size;
    out.put((byte) ':');
    int before = out.size;
    if (valueAt >= 0) {
      pos = valueAt;
      single(value, to, depth, false);
      if (out.size == before) {
        return false;
      }
    } else if (value.message != null) {
      content(value.message, to, to, depth + 1);
    } else {
      out.put(value.defaultJson);
    }
    endOfKey = end;
    return true;
  }

  /** Prints an entry with duplicate keys or values. */
  private boolean entryInOrder(FieldPlan map, int from, int to, int depth) throws CodecException {
    WireOrder order = new WireOrder(map.message(), this);
    order.read(from, to);
    boolean[] known = {false};
    reordered(
        order,
        from,
        to,
        (first, end) -> {
          known[0] = entry(map, first, end, depth);
          return true;
        });
    return known[0];
  }

  /**
   * Prints a single value; prints nothing for an omitted zero or an unknown value of a closed enum.
   * Always true.
   */
  boolean single(FieldPlan field, int to, int depth, boolean omitZero) throws CodecException {
    switch (field.type) {
      case MESSAGE -> {
        int end = endOfPart(to);
        content(field.message(), pos, end, depth + 1);
        pos = end;
      }
      case GROUP -> {
        int from = pos;
        int end = endOfGroup(field.tag, to, depth + 1);
        int behind = pos;
        content(field.message(), from, end, depth + 1);
        pos = behind;
      }
      default -> ScalarWriter.write(this, field, to, omitZero);
    }
    return true;
  }

  boolean enumsAsNumbers() {
    return enumsAsNumbers;
  }

  /** A print of an input range; false when the range is out of order. */
  interface Printer {
    boolean print(int from, int to) throws CodecException;
  }
}
