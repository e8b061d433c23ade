package dev.holdfast.admin;

import dev.holdfast.core.annotation.Limit;

/**
 * The form in which text that a peer chose is kept and shown: bounded, without control characters.
 */
final class ShownText {
  @Limit(
      of = "characters of a text of a peer, such as its user-agent, that the admin service keeps",
      then = "the rest is left out")
  static final int MAX_CHARACTERS = 256;

  private ShownText() {}

  static String of(String text) {
    String bounded = text.length() <= MAX_CHARACTERS ? text : text.substring(0, MAX_CHARACTERS);
    return hasControl(bounded) ? bounded.replaceAll("\\p{Cntrl}", "?") : bounded;
  }

  /** A loop, as it runs for several texts of each of 100,000 rows. */
  private static boolean hasControl(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isISOControl(text.charAt(i))) {
        return true;
      }
    }
    return false;
  }
}
