package dev.holdfast.transcoding.http;

import dev.holdfast.core.JsonTextWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Finds the ends of JSON values without validating them, which the codec does. */
final class JsonSpans {
  private JsonSpans() {}

  /** The position of the first byte that is no white space, or {@code to}. */
  static int skipSpace(byte[] json, int from, int to) {
    int at = from;
    while (at < to && isSpace(json[at])) {
      at++;
    }
    return at;
  }

  static boolean isSpace(byte b) {
    return b == ' ' || b == '\n' || b == '\r' || b == '\t';
  }

  /** The position behind the value that begins here; {@code to} when the value is incomplete. */
  static int valueEnd(byte[] json, int from, int to) {
    int depth = 0;
    int at = from;
    while (at < to) {
      byte b = json[at];
      if (b == '"') {
        at = stringEnd(json, at, to) - 1;
      } else if (b == '{' || b == '[') {
        depth++;
      } else if (b == '}' || b == ']') {
        if (depth == 0) {
          return at;
        }
        depth--;
      } else if (depth == 0 && (b == ',' || b == ':' || isSpace(b))) {
        return at;
      }
      at++;
      if (depth == 0 && (b == '"' || b == '}' || b == ']')) {
        return at;
      }
    }
    return to;
  }

  /** Whether there is exactly one value, with white space around it at most. */
  static boolean isOneValue(byte[] json, int from, int to) {
    int start = skipSpace(json, from, to);
    int end = valueEnd(json, start, to);
    return end > start && skipSpace(json, end, to) == to;
  }

  /**
   * The range of a member's value in an object, as start and end.
   *
   * @param json an object that is sound
   * @return null when there is no such member
   */
  static int @Nullable [] member(byte[] json, int from, int to, String name) {
    byte[] key = JsonTextWriter.quoted(name).getBytes(StandardCharsets.UTF_8);
    int at = skipSpace(json, from, to) + 1;
    while (true) {
      at = skipSpace(json, at, to);
      if (at >= to || json[at] != '"') {
        return null;
      }
      int keyEnd = stringEnd(json, at, to);
      int value = skipSpace(json, skipSpace(json, keyEnd, to) + 1, to);
      int valueEnd = valueEnd(json, value, to);
      if (Arrays.equals(json, at, keyEnd, key, 0, key.length)) {
        return new int[] {value, valueEnd};
      }
      at = skipSpace(json, valueEnd, to) + 1;
    }
  }

  private static int stringEnd(byte[] json, int quote, int to) {
    int at = quote + 1;
    while (at < to && json[at] != '"') {
      at += json[at] == '\\' ? 2 : 1;
    }
    return Math.min(at + 1, to);
  }
}
