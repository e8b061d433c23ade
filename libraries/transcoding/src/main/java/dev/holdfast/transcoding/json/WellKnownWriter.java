package dev.holdfast.transcoding.json;

import com.google.protobuf.Descriptors.Descriptor;
import java.nio.charset.StandardCharsets;

/** Prints the well-known types whose JSON is not an object of their fields. */
final class WellKnownWriter {
  private static final int TAG_1_STRING = 1 << 3 | 2;
  private static final int TAG_2_STRING = 2 << 3 | 2;
  private static final int TAG_1_VARINT = 1 << 3;
  private static final int TAG_2_VARINT = 2 << 3;
  private static final int VALUE_NUMBER = 2;
  private static final String NO_UTF_8 = "invalid UTF-8 in a type's URL (expected: UTF-8)";
  private static final byte[] TYPE = "{\"@type\":".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] VALUE = ",\"value\":".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] NULL = "null".getBytes(StandardCharsets.US_ASCII);

  private final JsonWriter writer;

  WellKnownWriter(JsonWriter writer) {
    this.writer = writer;
  }

  void content(MessageType type, int from, int to, int depth) throws CodecException {
    switch (type.wellKnown) {
      case ANY -> any(from, to, depth);
      case TIMESTAMP, DURATION -> time(type, from, to, depth);
      case FIELD_MASK -> fieldMask(from, to, depth);
      case STRUCT, LIST_VALUE ->
          writer.inOrder(type, from, to, (first, end) -> only(type, first, end, depth));
      case VALUE -> writer.inOrder(type, from, to, (first, end) -> value(type, first, end, depth));
      default -> wrapped(type.fields[0], from, to, depth);
    }
  }

  private void wrapped(FieldPlan field, int from, int to, int depth) throws CodecException {
    int at = -1;
    writer.pos = from;
    while (writer.pos < to) {
      int tag = writer.tag(to);
      int value = writer.pos;
      if (tag == field.tag && at >= 0) {
        writer.pos = at;
        new WireValidator(writer).value(field, tag, to, depth);
        writer.pos = value;
      }
      at = tag == field.tag ? value : at;
      writer.skip(tag, to, depth);
    }
    if (at < 0) {
      writer.out.put(field.defaultJson);
    } else {
      writer.pos = at;
      ScalarWriter.write(writer, field, to, false);
    }
  }

  private void time(MessageType type, int from, int to, int depth) throws CodecException {
    long seconds = 0;
    int nanos = 0;
    writer.pos = from;
    while (writer.pos < to) {
      int tag = writer.tag(to);
      if (tag == TAG_1_VARINT) {
        seconds = writer.varint(to);
      } else if (tag == TAG_2_VARINT) {
        nanos = (int) writer.varint(to);
      } else {
        writer.skip(tag, to, depth);
      }
    }
    writer.out.put((byte) '"');
    boolean written =
        type.wellKnown == WellKnown.TIMESTAMP
            ? TimeText.writeTimestamp(seconds, nanos, writer.out)
            : TimeText.writeDuration(seconds, nanos, writer.out);
    if (!written) {
      throw writer.failure(
          seconds
              + " s and "
              + nanos
              + " ns (expected: what can be "
              + TimeText.expected(type.wellKnown)
              + ")");
    }
    writer.out.put((byte) '"');
  }

  private void fieldMask(int from, int to, int depth) throws CodecException {
    boolean comma = false;
    writer.out.put((byte) '"');
    writer.pos = from;
    while (writer.pos < to) {
      int tag = writer.tag(to);
      if (tag != TAG_1_STRING) {
        writer.skip(tag, to, depth);
        continue;
      }
      int end = writer.endOfPart(to);
      if (comma) {
        writer.out.put((byte) ',');
      }
      comma = true;
      if (!FieldMaskText.write(writer.in, writer.pos, end, writer.out)) {
        throw writer.failure("a path that has no lowerCamelCase (expected: snake_case)");
      }
      writer.pos = end;
    }
    writer.out.put((byte) '"');
  }

  /** The one field of a Struct or ListValue. */
  private boolean only(MessageType type, int from, int to, int depth) throws CodecException {
    FieldPlan field = type.fields[0];
    int before = writer.out.size;
    boolean met = false;
    writer.pos = from;
    while (writer.pos < to) {
      int tag = writer.tag(to);
      if (tag != field.tag) {
        writer.skip(tag, to, depth);
      } else if (met) {
        return false;
      } else {
        met = true;
        if (field.map && !writer.map(field, to, depth)) {
          return false;
        }
        if (field.repeated) {
          writer.list(field, tag, to, depth);
        }
      }
    }
    if (writer.out.size == before) {
      writer.out.put(field.defaultJson);
    }
    return true;
  }

  private boolean value(MessageType type, int from, int to, int depth) throws CodecException {
    FieldPlan kind = null;
    int at = 0;
    writer.pos = from;
    while (writer.pos < to) {
      int tag = writer.tag(to);
      FieldPlan field = type.byNumber(tag >>> 3);
      if (field != null && field.tag == tag) {
        if (kind != null) {
          return false;
        }
        kind = field;
        at = writer.pos;
      }
      writer.skip(tag, to, depth);
    }
    if (kind == null) {
      writer.out.put(NULL);
      return true;
    }
    writer.pos = at;
    if (kind.number == VALUE_NUMBER
        && !Double.isFinite(Double.longBitsToDouble(writer.fixed64(to)))) {
      throw writer.failure("a Value that is no number (expected: a finite one)");
    }
    writer.pos = at;
    int before = writer.out.size;
    writer.single(kind, to, depth, false);
    if (writer.out.size == before) {
      writer.out.put(NULL);
    }
    return true;
  }

  private void any(int from, int to, int depth) throws CodecException {
    int urlAt = 0;
    int urlEnd = 0;
    int valueAt = 0;
    int valueEnd = 0;
    writer.pos = from;
    while (writer.pos < to) {
      int tag = writer.tag(to);
      if (tag == TAG_1_STRING) {
        if (!Utf8.isValid(writer.in, urlAt, urlEnd)) {
          throw writer.failure(NO_UTF_8);
        }
        urlEnd = writer.endOfPart(to);
        urlAt = writer.pos;
        writer.pos = urlEnd;
      } else if (tag == TAG_2_STRING) {
        valueEnd = writer.endOfPart(to);
        valueAt = writer.pos;
        writer.pos = valueEnd;
      } else {
        writer.skip(tag, to, depth);
      }
    }
    if (urlAt == urlEnd && valueAt == valueEnd) {
      writer.out.put((byte) '{');
      writer.out.put((byte) '}');
      return;
    }
    String url = new String(writer.in, urlAt, urlEnd - urlAt, StandardCharsets.UTF_8);
    int slash = url.lastIndexOf('/');
    Descriptor found = slash < 0 ? null : writer.codec.types().message(url.substring(slash + 1));
    if (found == null) {
      throw writer.failure(
          '"' + url + "\" (expected: the URL of a known type, as prefix/package.Type)");
    }
    MessageType type = writer.codec.type(found);
    writer.out.put(TYPE);
    if (!JsonFormatter.string(writer.in, urlAt, urlEnd, writer.out)) {
      throw writer.failure(NO_UTF_8);
    }
    if (type.wellKnown == WellKnown.NONE) {
      writer.checkDepth(depth + 1);
      writer.members(type, valueAt, valueEnd, depth + 1, true);
    } else {
      writer.out.put(VALUE);
      writer.content(type, valueAt, valueEnd, depth + 1);
    }
    writer.out.put((byte) '}');
  }
}
