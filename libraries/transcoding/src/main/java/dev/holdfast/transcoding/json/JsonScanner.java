package dev.holdfast.transcoding.json;

import java.nio.charset.StandardCharsets;

/** Strict JSON scanner (RFC 8259) for bytes in UTF-8. Used for one text by one thread. */
class JsonScanner {
  /** The maximum length of a wrong value in error messages, in bytes. */
  private static final int SHOWN_BYTES = 40;

  private static final int DEEPEST = JsonCodec.MAX_DEPTH;

  final byte[] in;
  final int start;
  final int end;
  int pos;

  /** The text of the last string: a range of the input, or of an unescaped copy. */
  byte[] text;

  int textFrom;
  int textTo;
  private final CodecBuffer unescaped = new CodecBuffer(0, CodecBuffer.DEFAULT_MAX_BYTES);

  JsonScanner(byte[] in, int start, int end) {
    this.in = in;
    this.start = start;
    this.end = end;
    this.pos = start;
    this.text = in;
  }

  /** The byte here; 0 at the end, which starts no JSON value. */
  final byte peek() {
    return pos < end ? in[pos] : 0;
  }

  /** Skips white space and returns the next byte; 0 at the end. */
  final byte next() {
    int at = pos;
    while (at < end) {
      byte here = in[at];
      if (here > ' ') {
        break;
      }
      if (here != ' ' && here != '\n' && here != '\r' && here != '\t') {
        break;
      }
      at++;
    }
    pos = at;
    return at < end ? in[at] : 0;
  }

  /** Skips white space and a required byte. */
  final void expect(char wanted) throws CodecException {
    if (next() != wanted) {
      throw wrong("'" + wanted + "'");
    }
    pos++;
  }

  /** Skips the delimiter behind an element: true for a comma, false for the closing byte. */
  final boolean another(char closing) throws CodecException {
    byte here = next();
    if (here != ',' && here != closing) {
      throw wrong("',' or '" + closing + "'");
    }
    pos++;
    return here == ',';
  }

  final void literal(String word) throws CodecException {
    for (int i = 0; i < word.length(); i++) {
      if (pos + i >= end || in[pos + i] != word.charAt(i)) {
        throw wrong("a JSON value");
      }
    }
    pos += word.length();
  }

  /** Requires that only white space follows. */
  final void finish() throws CodecException {
    next();
    if (pos < end) {
      throw wrong("the end of the input");
    }
  }

  final void checkDepth(int depth) throws CodecException {
    if (depth > DEEPEST) {
      throw failure("nested more deeply than allowed (expected: depth <= " + DEEPEST + ")", pos);
    }
  }

  /** Reads a string into {@link #text}; the opening quote is next. */
  final void readText() throws CodecException {
    expect('"');
    int at = pos;
    while (at + 8 <= end) {
      long special = Utf8.special((long) CodecBuffer.LONGS.get(in, at));
      if (special != 0) {
        at += Long.numberOfTrailingZeros(special) >>> 3;
        break;
      }
      at += 8;
    }
    while (at < end && in[at] != '"' && in[at] != '\\' && in[at] >= ' ') {
      at++;
    }
    if (at < end && in[at] == '"') {
      text = in;
      textFrom = pos;
      textTo = at;
      pos = at + 1;
      return;
    }
    pos--;
    unescaped.reset();
    copyString(unescaped);
    text = unescaped.bytes;
    textFrom = 0;
    textTo = unescaped.size;
  }

  final String textAsString() {
    return new String(text, textFrom, textTo - textFrom, StandardCharsets.UTF_8);
  }

  /** Appends a string's unescaped content; the opening quote is here. */
  final void copyString(CodecBuffer out) throws CodecException {
    int at = pos + 1;
    out.ensure(end - at + 8);
    byte[] to = out.bytes;
    int put = out.size;
    while (true) {
      while (at + 8 <= end) {
        long eight = (long) CodecBuffer.LONGS.get(in, at);
        CodecBuffer.LONGS.set(to, put, eight);
        long special = Utf8.special(eight);
        int plain = special == 0 ? 8 : Long.numberOfTrailingZeros(special) >>> 3;
        at += plain;
        put += plain;
        if (plain < 8) {
          break;
        }
      }
      if (at >= end) {
        throw failure("a string without an end (expected: '\"')", at);
      }
      byte here = in[at];
      if (here == '"') {
        pos = at + 1;
        out.size = put;
        return;
      }
      if (here == '\\') {
        put = unescape(at, to, put);
        at = pos;
      } else if (here < 0) {
        int length = Utf8.sequence(in, at, end);
        if (length == 0) {
          throw failure("invalid UTF-8 in a string (expected: UTF-8)", at);
        }
        for (int i = 0; i < length; i++) {
          to[put++] = in[at++];
        }
      } else if (here < ' ') {
        throw failure("control character in a string (expected: it escaped)", at);
      } else {
        to[put++] = here;
        at++;
      }
    }
  }

  /**
   * Writes an escaped character, moves {@link #pos} behind the escape, and returns the position
   * behind the character.
   */
  private int unescape(int at, byte[] to, int put) throws CodecException {
    byte kind = at + 1 < end ? in[at + 1] : 0;
    pos = at + 2;
    int plain =
        switch (kind) {
          case '"', '\\', '/' -> kind;
          case 'b' -> '\b';
          case 'f' -> '\f';
          case 'n' -> '\n';
          case 'r' -> '\r';
          case 't' -> '\t';
          case 'u' -> -1;
          default -> throw failure("an escape that JSON has not (expected: \\n, \\u0041 ..)", at);
        };
    if (plain >= 0) {
      to[put] = (byte) plain;
      return put + 1;
    }
    int unit = hex4(at + 2);
    pos = at + 6;
    if (Character.isSurrogate((char) unit)) {
      boolean paired =
          Character.isHighSurrogate((char) unit)
              && at + 7 < end
              && in[at + 6] == '\\'
              && in[at + 7] == 'u';
      int low = paired ? hex4(at + 8) : 0;
      if (!Character.isLowSurrogate((char) low)) {
        throw failure("half of a surrogate pair (expected: both)", at);
      }
      pos = at + 12;
      return Utf8.write(Character.toCodePoint((char) unit, (char) low), to, put);
    }
    return Utf8.write(unit, to, put);
  }

  private int hex4(int at) throws CodecException {
    int unit = 0;
    for (int i = at; i < at + 4; i++) {
      int digit = i < end ? Character.digit(in[i], 16) : -1;
      if (digit < 0) {
        throw failure("an escape without four hexadecimal digits (expected: \\u0041)", at - 2);
      }
      unit = unit << 4 | digit;
    }
    return unit;
  }

  /** Skips any value, with the same strictness as for a known one. */
  final void skipValue(int depth) throws CodecException {
    checkDepth(depth);
    switch (next()) {
      case '{' -> {
        pos++;
        if (next() == '}') {
          pos++;
          return;
        }
        do {
          readText();
          expect(':');
          skipValue(depth + 1);
        } while (another('}'));
      }
      case '[' -> {
        pos++;
        if (next() == ']') {
          pos++;
          return;
        }
        do {
          skipValue(depth + 1);
        } while (another(']'));
      }
      case '"' -> readText();
      case 't' -> literal("true");
      case 'f' -> literal("false");
      case 'n' -> literal("null");
      default -> readNumber();
    }
  }

  /** Makes the number here the {@link #text}, and skips it. */
  final void readNumber() throws CodecException {
    int at = pos;
    while (at < end && isOfNumber(in[at])) {
      at++;
    }
    if (!JsonNumbers.isNumber(in, pos, at)) {
      throw wrong("a JSON value");
    }
    text = in;
    textFrom = pos;
    textTo = at;
    pos = at;
  }

  static boolean isOfNumber(byte here) {
    return (here >= '0' && here <= '9')
        || here == '-'
        || here == '+'
        || here == '.'
        || here == 'e'
        || here == 'E';
  }

  /** The error for an unexpected value here. */
  final CodecException wrong(String expected) {
    next();
    return wrongAt(pos, expected);
  }

  final CodecException wrongAt(int at, String expected) {
    return failure(show(in, at, end) + " (expected: " + expected + ")", at);
  }

  /** The error for the last text, when its value is wrong. */
  final CodecException wrongText(int at, String expected) {
    return failure(
        '"' + cut(text, textFrom, textTo, textTo) + "\" (expected: " + expected + ")", at);
  }

  final CodecException failure(String problem, int at) {
    return new CodecException("", problem, at - start);
  }

  /** A range of the input for an error message. */
  final String shown(int from, int to) {
    return cut(in, from, to, end);
  }

  /** A value for an error message, cut if it is long. */
  private static String show(byte[] bytes, int from, int end) {
    if (from >= end) {
      return "the end of the input";
    }
    int to = from + 1;
    if (bytes[from] == '"') {
      while (to < end && bytes[to] != '"') {
        to++;
      }
      to = Math.min(end, to + 1);
    } else {
      while (to < end && (isOfNumber(bytes[to]) || Character.isLetter(bytes[to]))) {
        to++;
      }
    }
    return cut(bytes, from, to, end);
  }

  private static String cut(byte[] bytes, int from, int to, int end) {
    int most = Math.min(to, from + SHOWN_BYTES);
    // Not in the middle of a character.
    while (most < end && most > from && (bytes[most] & 0xc0) == 0x80) {
      most--;
    }
    String shown = new String(bytes, from, most - from, StandardCharsets.UTF_8);
    return shown.codePoints().anyMatch(Character::isISOControl)
        ? "a control character"
        : shown + (most < to ? ".." : "");
  }
}
