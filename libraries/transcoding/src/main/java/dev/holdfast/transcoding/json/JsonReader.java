package dev.holdfast.transcoding.json;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Parser of one JSON text that appends the protobuf bytes of its message, with fields in the order
 * of the text. Used for one text by one thread.
 */
final class JsonReader extends ScalarReader {
  private final WellKnownReader wellKnown = new WellKnownReader(this);

  JsonReader(JsonCodec codec, byte[] in, int start, int end, CodecBuffer out) {
    super(codec, in, start, end, out);
  }

  /** The number of bytes that were scanned more than once, to find the types of Anys. */
  long lookedAhead() {
    return wellKnown.types().passedBytes();
  }

  /** Reads the whole text as one message, without tag and length. */
  void message(MessageType type) throws CodecException {
    content(type, 1);
    finish();
  }

  /** Reads the whole text as the value of a field and writes its tag; null writes nothing. */
  void field(FieldPlan field) throws CodecException {
    if (next() == 'n' && !field.nullIsValue) {
      literal("null");
    } else {
      value(field, 1);
    }
    finish();
  }

  /**
   * Reads the whole input, as plain text instead of JSON, as the value of a field and writes its
   * tag.
   */
  void fieldOfText(FieldPlan field) throws CodecException {
    text = in;
    textFrom = start;
    textTo = end;
    if (field.message == null) {
      if (field.packed) {
        out.putVarint32(field.packedTag);
        int element = out.open();
        scalarOfText(field, start);
        out.close(element);
      } else {
        scalarOfText(field, start);
      }
      return;
    }
    MessageType type = field.message;
    out.putVarint32(field.tag);
    int content = out.open();
    switch (type.wellKnown) {
      case WRAPPER -> scalarOfText(type.fields[0], start);
      case TIMESTAMP, DURATION, FIELD_MASK -> wellKnown.contentOfText(type, start);
      default -> throw wrongText(start, "a field that has a text form");
    }
    out.close(content);
  }

  /** Reads the value here as a message's content. */
  void content(MessageType type, int depth) throws CodecException {
    checkDepth(depth);
    switch (type.wellKnown) {
      case NONE -> object(type, depth, false);
      case WRAPPER -> scalar(type.fields[0]);
      default -> wellKnown.content(type, depth);
    }
  }

  /**
   * Reads an object as the fields of a message.
   *
   * @param any whether a type name among the fields is skipped
   */
  void object(MessageType type, int depth, boolean any) throws CodecException {
    expect('{');
    int required = 0;
    if (next() == '}') {
      pos++;
    } else {
      FieldBitSet met = new FieldBitSet(type.fields.length + type.oneofs);
      int guess = 0;
      do {
        FieldPlan field = key(type, guess);
        if (field == null) {
          unknown(type, depth, any);
          continue;
        }
        guess = field.index + 1;
        if (met.set(field.index)) {
          throw failure("given twice (expected: each field once)", pos).within(field.name);
        }
        if (next() == 'n' && !field.nullIsValue) {
          literal("null");
          continue;
        }
        if (field.oneof >= 0) {
          checkOneof(met.set(type.fields.length + field.oneof), field);
        }
        required += field.required ? 1 : 0;
        value(field, depth);
      } while (another('}'));
    }
    if (required < type.requiredCount) {
      throw failure("a required field is missing (expected: all of them)", pos - 1);
    }
  }

  private void checkOneof(boolean taken, FieldPlan field) throws CodecException {
    if (taken) {
      String name = field.descriptor.getContainingOneof().getName();
      throw failure("a second field of oneof " + name + " (expected: one of them)", pos)
          .within(field.name);
    }
  }

  /** Reads a key and its colon; null for an unknown field. */
  private @Nullable FieldPlan key(MessageType type, int guess) throws CodecException {
    if (next() != '"') {
      throw wrong("a field's name in quotes");
    }
    FieldPlan found = null;
    if (guess < type.fields.length) {
      // Most writers keep the order of the schema.
      FieldPlan likely = type.fields[guess];
      int to = pos + 1 + likely.jsonName.length;
      if (to < end && likely.plainName && isName(likely, pos + 1, to)) {
        found = likely;
        pos = to + 1;
      }
    }
    if (found == null) {
      readText();
      found = type.byName(text, textFrom, textTo);
    }
    expect(':');
    return found;
  }

  /** Whether the input here is a field's name with its closing quote. */
  private boolean isName(FieldPlan field, int from, int to) {
    byte[] name = field.jsonName;
    if (from + Long.BYTES > in.length) {
      return in[to] == '"' && Arrays.equals(in, from, to, name, 0, name.length);
    }
    if (((long) CodecBuffer.LONGS.get(in, from) & field.nameMask) != field.nameHead) {
      return false;
    }
    return name.length < Long.BYTES
        || (in[to] == '"'
            && Arrays.equals(in, from + Long.BYTES, to, name, Long.BYTES, name.length));
  }

  private void unknown(MessageType type, int depth, boolean any) throws CodecException {
    if ((any && textIs(TypeLookahead.KEY)) || codec.options().ignoreUnknown()) {
      skipValue(depth + 1);
      return;
    }
    String nearest =
        codec.options().nearestNames() && textTo - textFrom <= NearestField.MOST_CHARS
            ? NearestField.of(new String(text, textFrom, textTo - textFrom, UTF_8), type.fields)
            : "";
    throw wrongText(
        pos,
        "a field of "
            + type.descriptor().getFullName()
            + (nearest.isEmpty() ? "" : "; did you mean " + nearest + "?"));
  }

  /** Reads a field's value or values and writes the tags. */
  private void value(FieldPlan field, int depth) throws CodecException {
    try {
      if (field.repeated) {
        array(field, depth);
      } else if (field.map) {
        map(field, depth);
      } else {
        single(field, depth);
      }
    } catch (CodecException e) {
      throw e.within(field.name);
    }
  }

  /** Reads a single value and writes its tag; false for an ignored unknown enum value. */
  private boolean single(FieldPlan field, int depth) throws CodecException {
    switch (field.type) {
      case MESSAGE -> {
        out.putVarint32(field.tag);
        int content = out.open();
        content(field.message(), depth + 1);
        out.close(content);
        return true;
      }
      case GROUP -> {
        out.putVarint32(field.tag);
        content(field.message(), depth + 1);
        out.putVarint32(field.tag + 1);
        return true;
      }
      default -> {
        return scalar(field);
      }
    }
  }

  private void array(FieldPlan field, int depth) throws CodecException {
    expect('[');
    if (next() == ']') {
      pos++;
      return;
    }
    int before = out.size;
    int content = 0;
    if (field.packed) {
      out.putVarint32(field.packedTag);
      content = out.open();
    }
    int index = 0;
    try {
      do {
        single(field, depth);
        index++;
      } while (another(']'));
    } catch (CodecException e) {
      throw e.within("[" + index + "]");
    }
    if (field.packed) {
      if (out.size == content) {
        out.size = before;
      } else {
        out.close(content);
      }
    }
  }

  private void map(FieldPlan field, int depth) throws CodecException {
    expect('{');
    if (next() == '}') {
      pos++;
      return;
    }
    FieldPlan key = field.mapKey();
    FieldPlan value = field.mapValue();
    KeySet keys = new KeySet();
    do {
      int before = out.size;
      out.putVarint32(field.tag);
      int content = out.open();
      if (next() != '"') {
        throw wrong("a key in quotes");
      }
      int at = pos;
      readText();
      int keyEnd = pos - 1;
      scalarOfText(key, at);
      if (!keys.add(out.bytes, content, out.size)) {
        throw wrongText(at, "each key once");
      }
      expect(':');
      boolean written;
      try {
        written = single(value, depth);
      } catch (CodecException e) {
        throw e.within("[" + shown(at + 1, keyEnd) + "]");
      }
      if (written) {
        keys.moveLast(out.close(content));
      } else {
        keys.dropLast();
        out.size = before;
      }
    } while (another('}'));
  }
}
