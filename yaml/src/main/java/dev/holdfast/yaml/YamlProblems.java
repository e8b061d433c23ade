package dev.holdfast.yaml;

import dev.holdfast.core.Limit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What is wrong with a file, line by line. For one thread. */
public final class YamlProblems {
  @Limit(of = "problems of a YAML file that are shown", then = "the others are only counted")
  private static final int MAX_SHOWN = 20;

  private final String source;
  private final Set<Problem> found = new LinkedHashSet<>();
  private final Set<String> keys = new HashSet<>();
  private int more;

  private record Problem(int line, String text) {}

  /**
   * None yet.
   *
   * @param source what the text is called in errors, such as the name of its file
   */
  public YamlProblems(String source) {
    this.source = source;
  }

  String source() {
    return source;
  }

  /** Notes that the value of a key is not what it should be. */
  public void add(int line, String key, String value, String expected) {
    keys.add(key);
    add(line, (key.isEmpty() ? "" : key + ": ") + value + " (expected: " + expected + ")");
  }

  /** Whether something was wrong with this very key. */
  public boolean concern(String key) {
    return keys.contains(key);
  }

  /** Notes what has been put into words already. */
  public void add(int line, String text) {
    Problem problem = new Problem(line, text);
    if (found.size() < MAX_SHOWN) {
      found.add(problem);
    } else if (!found.contains(problem)) {
      more++;
    }
  }

  /** How many were noted so far, so that who reads one part of a file knows whether it is sound. */
  public int count() {
    return found.size() + more;
  }

  /**
   * Ends the reading when there was a problem; they are told in the order of the lines.
   *
   * @throws YamlException with all of them
   */
  public void throwIfAny() {
    if (found.isEmpty()) {
      return;
    }
    List<String> lines = new ArrayList<>();
    found.stream()
        .sorted(Comparator.comparingInt(Problem::line))
        .forEach(problem -> lines.add(source + ":" + problem.line() + ": " + problem.text()));
    if (more > 0) {
      lines.add(source + ": " + more + " more");
    }
    throw new YamlException(lines);
  }
}
