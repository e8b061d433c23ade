package dev.holdfast.yaml;

import dev.holdfast.core.annotation.Limit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The problems of a YAML file, with their lines. Not thread-safe. */
public final class YamlProblems {
  @Limit(of = "problems of a YAML file that are shown", then = "the others are only counted")
  private static final int MAX_SHOWN = 20;

  private final String source;
  private final Set<Problem> found = new LinkedHashSet<>();
  private final Set<String> keys = new HashSet<>();
  private int more;

  private record Problem(int line, String text) {}

  /**
   * A collection that has no problems yet.
   *
   * @param source the name of the text in errors, such as its file name
   */
  public YamlProblems(String source) {
    this.source = source;
  }

  String source() {
    return source;
  }

  /** Reports a wrong value of a key. */
  public void add(int line, String key, String value, String expected) {
    keys.add(key);
    add(line, (key.isEmpty() ? "" : key + ": ") + value + " (expected: " + expected + ")");
  }

  /** Whether a problem was reported for exactly this key. */
  public boolean hasProblem(String key) {
    return keys.contains(key);
  }

  /** Reports a problem in complete words. */
  public void add(int line, String text) {
    Problem problem = new Problem(line, text);
    if (found.size() < MAX_SHOWN) {
      found.add(problem);
    } else if (!found.contains(problem)) {
      more++;
    }
  }

  /**
   * The number of problems so far. A caller compares it before and after a section to know whether
   * the section is valid.
   */
  public int count() {
    return found.size() + more;
  }

  /**
   * Throws when there is any problem; problems are sorted by line.
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
