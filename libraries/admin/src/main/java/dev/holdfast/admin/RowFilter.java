package dev.holdfast.admin;

import dev.holdfast.core.annotation.Limit;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Parser of a condition on one column: {@code field=text}, {@code !=}, {@code ~} (contains), {@code
 * >}, {@code <}.
 */
final class RowFilter {
  @Limit(of = "characters of a filter of the admin service", then = "the request is refused")
  static final int MAX_CHARACTERS = 256;

  private static final Pattern FORM = Pattern.compile("([a-z_]+)(!=|=|~|>|<)(.*)");

  private RowFilter() {}

  /**
   * The condition as a predicate on rows.
   *
   * @throws IllegalArgumentException naming what is wrong
   */
  static <R> Predicate<R> parse(String text, Function<String, RowColumn<R>> columns) {
    if (text.length() > MAX_CHARACTERS) {
      throw new IllegalArgumentException(
          "filter: " + text.length() + " characters (expected: at most " + MAX_CHARACTERS + ")");
    }
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      throw new IllegalArgumentException(
          "filter: \""
              + ShownText.of(text)
              + "\" (expected: field=text, field!=text, field~part, field>number or"
              + " field<number)");
    }
    RowColumn<R> column = columns.apply(form.group(1));
    String value = form.group(3);
    return switch (form.group(2)) {
      case "=" -> row -> column.valueOf(row).equals(value);
      case "!=" -> row -> !column.valueOf(row).equals(value);
      case "~" -> row -> column.valueOf(row).contains(value);
      case ">" -> order(column, value, 1);
      default -> order(column, value, -1);
    };
  }

  private static <R> Predicate<R> order(RowColumn<R> column, String value, int wanted) {
    if (!(column instanceof RowColumn.Numbers<R> numbers)) {
      throw new IllegalArgumentException(
          "filter: " + column.name() + " has no numbers (expected: =, != or ~)");
    }
    long bound = number(column.name(), value);
    return row -> Long.compare(numbers.value().applyAsLong(row), bound) == wanted;
  }

  private static long number(String name, String value) {
    try {
      return Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "filter: " + name + ": \"" + ShownText.of(value) + "\" (expected: a number)", e);
    }
  }
}
