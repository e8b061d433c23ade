package dev.holdfast.transcoding.internal.route;

import java.util.Arrays;

/**
 * The positions of a path's segments, in one array. That array is the only allocation of a lookup.
 */
final class PathSegments {
  private static final int FIRST_ROOM = 16;

  private final CharSequence text;
  private final int[] starts;
  private final int count;

  /**
   * Segments by their start positions; the entry behind the last is where another segment would
   * start.
   */
  private PathSegments(CharSequence text, int[] starts, int count) {
    this.text = text;
    this.starts = starts;
    this.count = count;
  }

  /**
   * The segments of a path that begins with a slash. {@code /} alone has no segment, {@code /a/}
   * has two.
   */
  static PathSegments of(CharSequence text) {
    int[] starts = new int[FIRST_ROOM];
    int count = 0;
    int length = text.length();
    for (int i = 0; i < length && length > 1; i++) {
      if (text.charAt(i) == '/') {
        if (count + 1 == starts.length) {
          starts = Arrays.copyOf(starts, 2 * count + 2);
        }
        starts[count++] = i + 1;
      }
    }
    starts[count] = length + 1;
    return new PathSegments(text, starts, count);
  }

  /** A copy without the end of the path, from a colon in the last segment on. */
  PathSegments upTo(int colon) {
    int[] shorter = Arrays.copyOf(starts, count + 1);
    shorter[count] = colon + 1;
    return new PathSegments(text, shorter, count);
  }

  /** The last colon in the last segment, or -1. */
  int colon() {
    int first = count == 0 ? text.length() : starts[count - 1];
    for (int i = text.length() - 1; i >= first; i--) {
      if (text.charAt(i) == ':') {
        return i;
      }
    }
    return -1;
  }

  CharSequence text() {
    return text;
  }

  int count() {
    return count;
  }

  int start(int segment) {
    return starts[segment];
  }

  /** The position after a segment's last character. */
  int end(int segment) {
    return starts[segment + 1] - 1;
  }

  boolean isEmpty(int segment) {
    return start(segment) == end(segment);
  }
}
