package dev.holdfast.core;

import java.util.Collection;

/** The search for the name that a user probably meant, among the known names. */
public final class NearestName {
  private NearestName() {}

  /**
   * The known name with the fewest edits (insert, delete, replace) from the given one; "" when none
   * is near enough.
   */
  public static String of(String given, Collection<String> known, int maxEdits) {
    String best = "";
    int bestEdits = maxEdits + 1;
    for (String name : known) {
      if (Math.abs(given.length() - name.length()) >= bestEdits) {
        continue;
      }
      int edits = edits(given, name);
      if (edits < bestEdits) {
        best = name;
        bestEdits = edits;
      }
    }
    return best;
  }

  private static int edits(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replace = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replace, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
