package dev.holdfast.transcoding.http;

import dev.holdfast.transcoding.status.RequestRefusedException;
import java.io.ByteArrayOutputStream;

/**
 * Splitter of a streamed body into JSON values: lines (NDJSON), the elements of one array, or
 * concatenated values. Only the unfinished value is buffered. Values are checked for size and depth
 * only; the codec does the rest. Not thread-safe.
 */
public final class JsonSplitter {
  /** The receiver of complete values. */
  public interface JsonValueHandler {
    /** Receives a value. The bytes are valid only during the call. */
    void value(byte[] bytes, int offset, int length);
  }

  private enum State {
    /** Between lines, or within one. */
    LINE,
    /** Before the bracket that opens the array. */
    BEFORE,
    /** After the opening bracket: a value or the end. */
    FIRST,
    /** After a comma: a value. */
    NEXT,
    /** Within a value, until its end. */
    VALUE,
    /** After a value: a comma or the end. */
    AFTER,
    /** After the end of the array. */
    DONE,
    /** Before a value or the end, where values follow each other without an array. */
    BETWEEN
  }

  private final int maxBytes;
  private final int maxDepth;
  private final ByteArrayOutputStream held = new ByteArrayOutputStream();
  private State state;
  private int depth;
  private boolean inString;

  /** Whether concatenated values without an array are accepted, until the first one decides. */
  private boolean mayBeBare;

  /** Whether the values are concatenated without an array. */
  private boolean isBare;

  private boolean escaped;

  private JsonSplitter(State state, int maxBytes, int maxDepth) {
    this.state = state;
    this.maxBytes = maxBytes;
    this.maxDepth = maxDepth;
  }

  /**
   * A splitter of lines that skips empty ones.
   *
   * @param maxBytes the longest line
   */
  public static JsonSplitter lines(int maxBytes) {
    return new JsonSplitter(State.LINE, maxBytes, 0);
  }

  /**
   * A splitter of the elements of an array.
   *
   * @param maxBytes the longest element
   * @param maxDepth the deepest nesting of arrays and objects in an element
   */
  public static JsonSplitter array(int maxBytes, int maxDepth) {
    return new JsonSplitter(State.BEFORE, maxBytes, maxDepth);
  }

  /**
   * A splitter of the elements of an array, or of concatenated values with only white space between
   * them.
   *
   * @param maxBytes the longest element
   * @param maxDepth as {@link #array}
   */
  public static JsonSplitter arrayOrValues(int maxBytes, int maxDepth) {
    JsonSplitter splitter = array(maxBytes, maxDepth);
    splitter.mayBeBare = true;
    return splitter;
  }

  /**
   * Consumes the next piece and passes on the values that end in it.
   *
   * @throws RequestRefusedException 400 for a syntax error between values, 413 for a value that is
   *     too long; the splitter is unusable then
   */
  public void feed(byte[] chunk, int offset, int length, JsonValueHandler jsonValueHandler) {
    int end = offset + length;
    int start = offset;
    for (int i = offset; i < end; i++) {
      byte b = chunk[i];
      if (state == State.LINE) {
        if (b == '\n') {
          emit(chunk, start, i, jsonValueHandler);
          start = i + 1;
        }
      } else if (state == State.VALUE) {
        int consumed = within(b);
        if (consumed >= 0) {
          emit(chunk, start, i + consumed, jsonValueHandler);
          state = isBare ? State.BETWEEN : State.AFTER;
          if (consumed == 0) {
            between(b);
          }
        }
      } else if (begins(b)) {
        isBare = isBare || state == State.BEFORE;
        start = i;
        state = State.VALUE;
        if (within(b) > 0) {
          throw new IllegalStateException("a value of one byte (expected: an open one)");
        }
      } else {
        between(b);
      }
    }
    if (state == State.VALUE || state == State.LINE) {
      hold(chunk, start, end);
    }
  }

  /**
   * Ends the body and passes on a last line without a terminator.
   *
   * @throws RequestRefusedException 400 when the array is not closed
   */
  public void end(JsonValueHandler jsonValueHandler) {
    if (state == State.LINE) {
      emit(new byte[0], 0, 0, jsonValueHandler);
    } else if (isBare && state == State.VALUE && depth == 0 && !inString) {
      state = State.BETWEEN;
      emit(new byte[0], 0, 0, jsonValueHandler);
    } else if (state == State.BETWEEN || (mayBeBare && state == State.BEFORE)) {
      state = State.DONE;
    } else if (state != State.DONE) {
      throw RequestRefusedException.badRequest("body: the end (expected: an array, and its ])");
    }
  }

  /** Whether a byte starts a value here; if not, it is a delimiter. */
  private boolean begins(byte b) {
    boolean mayBegin =
        state == State.FIRST
            || state == State.NEXT
            || state == State.BETWEEN
            || (mayBeBare && state == State.BEFORE && b != '[');
    return mayBegin && !JsonSpans.isSpace(b) && b != ']' && b != ',';
  }

  private void between(byte b) {
    if (JsonSpans.isSpace(b)) {
      return;
    }
    if (state == State.BEFORE && b == '[') {
      state = State.FIRST;
    } else if (state == State.AFTER && b == ',') {
      state = State.NEXT;
    } else if ((state == State.AFTER || state == State.FIRST) && b == ']') {
      state = State.DONE;
    } else {
      throw RequestRefusedException.badRequest(
          "body: '%s' %s"
              .formatted(
                  b >= ' ' && b < 0x7F ? String.valueOf((char) b) : "\\x%02x".formatted(b & 0xFF),
                  expected()));
    }
  }

  private String expected() {
    return switch (state) {
      case BEFORE -> "(expected: [, for the body is a stream of messages)";
      case AFTER -> "after an element (expected: , or ])";
      case DONE -> "after the array (expected: the end)";
      default -> "(expected: an element)";
    };
  }

  /**
   * Consumes a byte within a value: -1 while the value continues, 1 when this was its last byte, 0
   * when it ended before.
   */
  private int within(byte b) {
    if (inString) {
      return string(b);
    }
    switch (b) {
      case '"' -> inString = true;
      case '{', '[' -> {
        if (++depth > maxDepth) {
          throw RequestRefusedException.badRequest(
              "body: nested too deep (expected: <= %d)".formatted(maxDepth));
        }
      }
      case '}', ']' -> {
        if (depth == 0) {
          return 0;
        }
        return --depth == 0 ? 1 : -1;
      }
      case ',', ' ', '\t', '\n', '\r' -> {
        return depth == 0 ? 0 : -1;
      }
      default -> {
        return -1;
      }
    }
    return -1;
  }

  private int string(byte b) {
    if (escaped) {
      escaped = false;
    } else if (b == '\\') {
      escaped = true;
    } else if (b == '"') {
      inString = false;
      return depth == 0 ? 1 : -1;
    }
    return -1;
  }

  private void emit(byte[] chunk, int start, int end, JsonValueHandler jsonValueHandler) {
    if (held.size() == 0) {
      requireSize(end - start);
      trimmed(chunk, start, end, jsonValueHandler);
      return;
    }
    hold(chunk, start, end);
    byte[] whole = held.toByteArray();
    held.reset();
    trimmed(whole, 0, whole.length, jsonValueHandler);
  }

  private static void trimmed(byte[] bytes, int start, int end, JsonValueHandler jsonValueHandler) {
    int from = JsonSpans.skipSpace(bytes, start, end);
    int to = end;
    while (to > from && JsonSpans.isSpace(bytes[to - 1])) {
      to--;
    }
    if (to > from) {
      jsonValueHandler.value(bytes, from, to - from);
    }
  }

  private void hold(byte[] chunk, int start, int end) {
    requireSize(held.size() + end - start);
    held.write(chunk, start, end - start);
  }

  private void requireSize(int bytes) {
    if (bytes > maxBytes) {
      throw RequestRefusedException.tooLarge(
          "body: a message of more than %d bytes (expected: <= %d)".formatted(maxBytes, maxBytes));
    }
  }
}
