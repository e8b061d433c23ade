package dev.holdfast.testrunner;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Maven's expressions of the form {@code ${name}}, replaced by the values of properties. */
final class Expressions {
  private static final Pattern EXPRESSION = Pattern.compile("\\$\\{([^}]+)}");

  /** The depth at which properties that name each other are taken for a circle. */
  private static final int MOST_DEPTH = 20;

  private final Map<String, String> properties;

  Expressions(Map<String, String> properties) {
    this.properties = Map.copyOf(properties);
  }

  String resolve(String text) {
    return resolve(text, MOST_DEPTH);
  }

  private String resolve(String text, int depth) {
    if (depth == 0) {
      throw new IllegalStateException(text + ": names itself (expected: no circle of properties)");
    }
    Matcher expressions = EXPRESSION.matcher(text);
    StringBuilder resolved = new StringBuilder();
    while (expressions.find()) {
      String value = properties.get(expressions.group(1));
      if (value == null) {
        throw new IllegalStateException(
            expressions.group() + ": unknown (expected: a property of the poms)");
      }
      expressions.appendReplacement(resolved, Matcher.quoteReplacement(resolve(value, depth - 1)));
    }
    return expressions.appendTail(resolved).toString();
  }
}
