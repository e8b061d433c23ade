package dev.holdfast.gateway.route;

import dev.holdfast.core.annotation.Limit;
import java.util.Collection;

/** Comparisons of character sequences without creating strings. */
final class CharSequences {
  @Limit(
      of = "services that the answer to a call without a route names",
      then = "the others are counted")
  private static final int MOST_SHOWN = 10;

  private CharSequences() {}

  /** Whether a word stands at an index of a text, and ends before the given end. */
  static boolean hasAt(CharSequence text, int from, int end, String word) {
    if (word.length() > end - from) {
      return false;
    }
    for (int i = 0; i < word.length(); i++) {
      if (text.charAt(from + i) != word.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  static boolean equal(CharSequence text, String word) {
    return text.length() == word.length() && hasAt(text, 0, text.length(), word);
  }

  /** The first index of a character from an index on; the end if there is none. */
  static int indexOf(CharSequence text, char wanted, int from, int end) {
    for (int i = from; i < end; i++) {
      if (text.charAt(i) == wanted) {
        return i;
      }
    }
    return end;
  }

  /** At most ten names as text, and the number of the others. */
  static String shown(Collection<String> names) {
    String first = String.join(", ", names.stream().limit(MOST_SHOWN).toList());
    int more = names.size() - MOST_SHOWN;
    return more > 0 ? first + " and " + more + " more" : first;
  }
}
