package dev.holdfast.transcoding.json;

import dev.holdfast.core.annotation.Limit;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/**
 * Search of the field that an unknown name probably means: the one with the smallest edit distance,
 * ignoring case. Clients choose the name, so the work is bounded by {@link #MOST_CHARS}, {@link
 * #MOST_FIELDS} and the width of the edit table.
 */
final class NearestField {
  /** The maximum length of a name to search for; a longer one is not a typing error. */
  @Limit(
      of = "characters of an unknown field's name to which the nearest one is looked for",
      then = "none is")
  static final int MOST_CHARS = 64;

  /**
   * The maximum number of a message's fields that are compared; further fields are not suggested.
   */
  @Limit(
      of = "fields of a message that are compared with one that it has not",
      then = "the others are not found")
  static final int MOST_FIELDS = 500;

  private static final int TYPING_ERRORS = 3;
  private static final int CHARS_PER_EDIT = 3;

  private NearestField() {}

  /** The JSON name of the nearest field; "" when none is near. */
  static String of(String given, FieldPlan[] fields) {
    if (given.length() > MOST_CHARS) {
      return "";
    }
    String wanted = given.toLowerCase(Locale.ROOT);
    int bestEdits = Math.min(TYPING_ERRORS, given.length() / CHARS_PER_EDIT) + 1;
    String best = "";
    for (int i = 0; i < Math.min(fields.length, MOST_FIELDS); i++) {
      String name = new String(fields[i].jsonName, StandardCharsets.UTF_8);
      int edits =
          Math.min(
              edits(wanted, name.toLowerCase(Locale.ROOT), bestEdits),
              edits(wanted, fields[i].descriptor.getName().toLowerCase(Locale.ROOT), bestEdits));
      if (edits < bestEdits) {
        best = name;
        bestEdits = edits;
      }
    }
    return best;
  }

  /**
   * The edit distance of two names, at most {@code bound}. Only cells near the diagonal are
   * computed.
   */
  private static int edits(String a, String b, int bound) {
    if (Math.abs(a.length() - b.length()) >= bound) {
      return bound;
    }
    int[] row = new int[b.length() + 1];
    int[] next = new int[b.length() + 1];
    Arrays.setAll(row, j -> j);
    for (int i = 1; i <= a.length(); i++) {
      int from = Math.max(1, i - bound);
      int to = Math.min(b.length(), i + bound);
      Arrays.fill(next, bound);
      next[0] = i;
      int least = next[0];
      for (int j = from; j <= to; j++) {
        int replaced = row[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        next[j] = Math.min(replaced, Math.min(row[j], next[j - 1]) + 1);
        least = Math.min(least, next[j]);
      }
      if (least >= bound) {
        return bound;
      }
      int[] spare = row;
      row = next;
      next = spare;
    }
    return Math.min(row[b.length()], bound);
  }
}
