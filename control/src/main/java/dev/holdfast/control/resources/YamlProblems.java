package dev.holdfast.control.resources;

import dev.holdfast.core.Limit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What is wrong with a file, line by line. */
final class YamlProblems {
  @Limit(of = "problems of a policy that are shown", then = "the others are only counted")
  private static final int MAX_SHOWN = 20;

  private final String source;
  private final List<String> found = new ArrayList<>();
  private final Set<String> keys = new HashSet<>();
  private int more;

  YamlProblems(String source) {
    this.source = source;
  }

  void add(int line, String key, String value, String expected) {
    keys.add(key);
    add(line, (key.isEmpty() ? "" : key + ": ") + value + " (expected: " + expected + ")");
  }

  /** Whether something was wrong with this very key. */
  boolean concern(String key) {
    return keys.contains(key);
  }

  void add(int line, String text) {
    if (found.size() < MAX_SHOWN) {
      found.add(source + ":" + line + ": " + text);
    } else {
      more++;
    }
  }

  /**
   * Ends the reading when there was a problem.
   *
   * @throws PolicyException with all of them
   */
  void throwIfAny() {
    if (more > 0) {
      found.add(source + ": " + more + " more");
    }
    if (!found.isEmpty()) {
      throw new PolicyException(found);
    }
  }
}
