package dev.holdfast.testrunner;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A further run of a room's tests with a system property: the one on the second JDK, if there is
 * one.
 */
record RoomVariant(String room, String property, String value) {
  /** The value is a part of file names. */
  private static final Pattern FORM =
      Pattern.compile("([a-z0-9-]+):([a-zA-Z0-9.-]+)=([a-zA-Z0-9.-]+)");

  /** Reads {@code ROOM:PROPERTY=VALUE}. */
  static RoomVariant parse(String name, String text) {
    Matcher parts = FORM.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          name + ": " + text + " (expected: ROOM:PROPERTY=VALUE, of letters, digits, dots and -)");
    }
    return new RoomVariant(parts.group(1), parts.group(2), parts.group(3));
  }

  /** The JDK with the property, whose value follows its version behind a plus sign. */
  TestedJdk on(TestedJdk jdk) {
    Map<String, String> properties = new HashMap<>(jdk.systemProperties());
    properties.put(property, value);
    return new TestedJdk(jdk.version() + "+" + value, jdk.home(), Map.copyOf(properties));
  }
}
