package dev.holdfast.transcoding.json;

import java.util.Arrays;

/**
 * Search of the {@code @type} of an Any, which may be behind other members. Each byte is scanned
 * ahead at most once, however deep Anys are nested, because the types of skipped objects are
 * remembered. Used for one text by one thread.
 */
final class TypeLookahead {
  static final String KEY = "@type";

  private static final int NONE = -1;
  private static final int FIRST_ROOM = 16;

  private final ScalarReader reader;

  /** The positions of skipped objects in ascending order, and of their types' values. */
  private int[] objects = new int[0];

  private int[] types = new int[0];
  private int count;

  /** The index of the first skipped object that is not in front of the one requested last. */
  private int cursor;

  /**
   * The end of the scanned input: the types of all skipped objects that begin before it are known.
   */
  private int passedTo;

  private long passedBytes;

  TypeLookahead(ScalarReader reader) {
    this.reader = reader;
  }

  /** The number of bytes that were scanned ahead. */
  long passedBytes() {
    return passedBytes;
  }

  /**
   * Makes the type URL of the object here the reader's text. The reader's position is within the
   * object afterwards.
   *
   * @return false for <code>{}</code>; the reader is behind it then
   */
  boolean find(int depth) throws CodecException {
    if (reader.next() != '{') {
      throw reader.wrong("'{'");
    }
    int object = reader.pos;
    int type = object < passedTo ? known(object) : NONE;
    if (type == NONE) {
      return look(object, depth);
    }
    reader.pos = type;
    readType();
    return true;
  }

  private int known(int object) {
    while (cursor < count && objects[cursor] < object) {
      cursor++;
    }
    return cursor < count && objects[cursor] == object ? types[cursor] : NONE;
  }

  private boolean look(int object, int depth) throws CodecException {
    reader.pos = object + 1;
    if (reader.next() == '}') {
      reader.pos++;
      return false;
    }
    // What was passed over before lies behind, or this object has no type, which ends the reading.
    count = 0;
    cursor = 0;
    do {
      reader.readText();
      boolean isType = reader.textIs(KEY);
      reader.expect(':');
      if (isType) {
        readType();
        passed(object);
        return true;
      }
      pass(depth + 1);
    } while (reader.another('}'));
    passed(object);
    throw reader.failure("an Any without @type (expected: @type)", reader.pos - 1);
  }

  private void passed(int object) {
    passedBytes += reader.pos - object;
    passedTo = reader.pos;
  }

  private void readType() throws CodecException {
    if (reader.next() != '"') {
      throw reader.wrong("the URL of a type");
    }
    reader.readText();
  }

  private void pass(int depth) throws CodecException {
    switch (reader.next()) {
      case '{' -> passObject(depth);
      case '[' -> passArray(depth);
      default -> reader.skipValue(depth);
    }
  }

  private void passArray(int depth) throws CodecException {
    reader.checkDepth(depth);
    reader.pos++;
    if (reader.next() == ']') {
      reader.pos++;
      return;
    }
    do {
      pass(depth + 1);
    } while (reader.another(']'));
  }

  private void passObject(int depth) throws CodecException {
    reader.checkDepth(depth);
    int slot = begin(reader.pos);
    reader.pos++;
    if (reader.next() == '}') {
      reader.pos++;
      count = slot;
      return;
    }
    do {
      reader.readText();
      boolean isType = reader.textIs(KEY);
      reader.expect(':');
      if (isType && types[slot] == NONE) {
        reader.next();
        types[slot] = reader.pos;
      }
      pass(depth + 1);
    } while (reader.another('}'));
    if (types[slot] == NONE && slot == count - 1) {
      count = slot;
    }
  }

  private int begin(int object) {
    if (count == objects.length) {
      int room = Math.max(FIRST_ROOM, 2 * count);
      objects = Arrays.copyOf(objects, room);
      types = Arrays.copyOf(types, room);
    }
    objects[count] = object;
    types[count] = NONE;
    return count++;
  }
}
