package dev.holdfast.transcoding.json;

import com.google.protobuf.Descriptors.Descriptor;

/** Reads the well-known types whose JSON is not an object of their fields. */
final class WellKnownReader {
  private static final int TAG_1_STRING = 1 << 3 | 2;
  private static final int TAG_2_STRING = 2 << 3 | 2;
  private static final int TAG_1_VARINT = 1 << 3;
  private static final int TAG_2_VARINT = 2 << 3;
  private static final int VALUE_NULL = 1 << 3;
  private static final int VALUE_NUMBER = 2 << 3 | 1;
  private static final int VALUE_STRING = 3 << 3 | 2;
  private static final int VALUE_BOOL = 4 << 3;
  private static final int VALUE_STRUCT = 5 << 3 | 2;
  private static final int VALUE_LIST = 6 << 3 | 2;

  private final JsonReader reader;
  private final TypeLookahead types;

  WellKnownReader(JsonReader reader) {
    this.reader = reader;
    this.types = new TypeLookahead(reader);
  }

  TypeLookahead types() {
    return types;
  }

  void content(MessageType type, int depth) throws CodecException {
    switch (type.wellKnown) {
      case ANY -> any(depth);
      case STRUCT -> struct(depth);
      case LIST_VALUE -> list(depth);
      case VALUE -> value(depth);
      default -> {
        int at = reader.pos;
        if (reader.next() != '"') {
          throw reader.wrong(TimeText.expected(type.wellKnown));
        }
        reader.readText();
        contentOfText(type, at);
      }
    }
  }

  /** The content of a type whose JSON is a string, from the reader's text. */
  void contentOfText(MessageType type, int at) throws CodecException {
    if (type.wellKnown == WellKnown.FIELD_MASK) {
      boolean snake = reader.codec.options().snakeCaseMasks();
      if (!FieldMaskText.read(reader.text, reader.textFrom, reader.textTo, snake, reader.out)) {
        throw reader.wrongText(at, TimeText.expected(type.wellKnown));
      }
      return;
    }
    TimeText time = new TimeText();
    boolean sound =
        type.wellKnown == WellKnown.TIMESTAMP
            ? time.readTimestamp(reader.text, reader.textFrom, reader.textTo)
            : time.readDuration(reader.text, reader.textFrom, reader.textTo);
    if (!sound) {
      throw reader.wrongText(at, TimeText.expected(type.wellKnown));
    }
    CodecBuffer out = reader.out;
    if (time.seconds != 0) {
      out.putVarint32(TAG_1_VARINT);
      out.putVarint64(time.seconds);
    }
    if (time.nanos != 0) {
      out.putVarint32(TAG_2_VARINT);
      out.putVarint64(time.nanos);
    }
  }

  private void any(int depth) throws CodecException {
    int at = reader.pos;
    if (!types.find(depth)) {
      return;
    }
    String url = reader.textAsString();
    int slash = url.lastIndexOf('/');
    Descriptor found = slash < 0 ? null : reader.codec.types().message(url.substring(slash + 1));
    if (found == null) {
      throw reader.wrongText(reader.pos, "the URL of a known type, as prefix/package.Type");
    }
    CodecBuffer out = reader.out;
    out.putVarint32(TAG_1_STRING);
    out.putVarint32(reader.textTo - reader.textFrom);
    out.append(reader.text, reader.textFrom, reader.textTo - reader.textFrom);
    reader.pos = at;
    MessageType type = reader.codec.type(found);
    int before = out.size;
    out.putVarint32(TAG_2_STRING);
    int content = out.open();
    if (type.wellKnown == WellKnown.NONE && !isEmptyType(found)) {
      reader.object(type, depth, true);
    } else {
      valueOfAny(type, depth);
    }
    if (out.size == content) {
      out.size = before;
    } else {
      out.close(content);
    }
  }

  /**
   * Whether the type is Empty. Some writers treat Empty in an Any as a special type and print a
   * value, so a value is accepted.
   */
  private static boolean isEmptyType(Descriptor type) {
    return type.getFullName().equals("google.protobuf.Empty");
  }

  private void valueOfAny(MessageType type, int depth) throws CodecException {
    boolean given = false;
    boolean typed = false;
    reader.expect('{');
    do {
      reader.readText();
      reader.expect(':');
      if (reader.textIs(TypeLookahead.KEY)) {
        if (typed) {
          throw reader.failure("@type given twice (expected: once)", reader.pos);
        }
        typed = true;
        reader.skipValue(depth + 1);
      } else if (reader.textIs("value")) {
        if (given) {
          throw reader.failure("value given twice (expected: once)", reader.pos);
        }
        given = true;
        reader.content(type, depth + 1);
      } else if (reader.codec.options().ignoreUnknown()) {
        reader.skipValue(depth + 1);
      } else {
        throw reader.wrongText(reader.pos, "@type or value");
      }
    } while (reader.another('}'));
    if (!given && !isEmptyType(type.descriptor())) {
      throw reader.failure("an Any without its value (expected: value)", reader.pos - 1);
    }
  }

  private void struct(int depth) throws CodecException {
    reader.expect('{');
    if (reader.next() == '}') {
      reader.pos++;
      return;
    }
    CodecBuffer out = reader.out;
    KeySet keys = new KeySet();
    do {
      out.putVarint32(TAG_1_STRING);
      int entry = out.open();
      if (reader.next() != '"') {
        throw reader.wrong("a key in quotes");
      }
      int at = reader.pos;
      out.putVarint32(TAG_1_STRING);
      int key = out.open();
      reader.copyString(out);
      out.close(key);
      if (!keys.add(out.bytes, entry, out.size)) {
        throw reader.wrongAt(at, "each key once");
      }
      reader.expect(':');
      out.putVarint32(TAG_2_STRING);
      int content = out.open();
      value(depth + 1);
      out.close(content);
      keys.moveLast(out.close(entry));
    } while (reader.another('}'));
  }

  private void list(int depth) throws CodecException {
    reader.expect('[');
    if (reader.next() == ']') {
      reader.pos++;
      return;
    }
    CodecBuffer out = reader.out;
    do {
      out.putVarint32(TAG_1_STRING);
      int element = out.open();
      value(depth + 1);
      out.close(element);
    } while (reader.another(']'));
  }

  private void value(int depth) throws CodecException {
    reader.checkDepth(depth);
    CodecBuffer out = reader.out;
    byte first = reader.next();
    switch (first) {
      case 'n' -> {
        reader.literal("null");
        out.putVarint32(VALUE_NULL);
        out.put((byte) 0);
      }
      case 't', 'f' -> {
        reader.literal(first == 't' ? "true" : "false");
        out.putVarint32(VALUE_BOOL);
        out.put((byte) (first == 't' ? 1 : 0));
      }
      case '"' -> {
        out.putVarint32(VALUE_STRING);
        int content = out.open();
        reader.copyString(out);
        out.close(content);
      }
      case '{' -> {
        out.putVarint32(VALUE_STRUCT);
        int content = out.open();
        struct(depth);
        out.close(content);
      }
      case '[' -> {
        out.putVarint32(VALUE_LIST);
        int content = out.open();
        list(depth);
        out.close(content);
      }
      default -> {
        int at = reader.pos;
        reader.readNumber();
        double number = JsonNumbers.toDouble(reader.text, reader.textFrom, reader.textTo);
        if (Double.isInfinite(number)) {
          throw reader.wrongText(at, "within the range of double");
        }
        out.putVarint32(VALUE_NUMBER);
        out.putFixed64(Double.doubleToLongBits(number));
      }
    }
  }
}
