package dev.holdfast.admin;

import dev.holdfast.core.annotation.Limit;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * The place behind which a page begins: the last row of the page before.
 *
 * @param value its value in the sorted column
 * @param id its identity
 */
record PageToken(String value, String id) {
  @Limit(of = "characters of a page token of the admin service", then = "the request is refused")
  static final int MAX_CHARACTERS = 4_096;

  private static final String SEPARATOR = "\n";
  private static final int PARTS = 4;

  /** The token as an opaque text, which names the sort that it belongs to. */
  String toText(RowColumn<?> sort, boolean ascending) {
    String whole = String.join(SEPARATOR, sort.name(), ascending ? "asc" : "desc", id, value);
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(whole.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Reads a token.
   *
   * @throws IllegalArgumentException when it is malformed or belongs to another sort
   */
  static PageToken parse(String text, RowColumn<?> sort, boolean ascending) {
    if (text.length() > MAX_CHARACTERS) {
      throw malformed("too long");
    }
    String whole;
    try {
      whole = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw malformed("no Base64");
    }
    String[] parts = whole.split(SEPARATOR, PARTS);
    if (parts.length < PARTS
        || !parts[0].equals(sort.name())
        || !parts[1].equals(ascending ? "asc" : "desc")) {
      throw malformed("of another selection");
    }
    if (sort instanceof RowColumn.Numbers<?>) {
      try {
        Long.parseLong(parts[3]);
      } catch (NumberFormatException e) {
        throw malformed("without a number");
      }
    }
    return new PageToken(parts[3], parts[2]);
  }

  private static IllegalArgumentException malformed(String why) {
    return new IllegalArgumentException(
        "page_token: " + why + " (expected: next_page_token of the page before)");
  }
}
