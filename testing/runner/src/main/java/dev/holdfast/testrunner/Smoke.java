package dev.holdfast.testrunner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A row of the list of smokes: a short run of a demo, a benchmark or a part of the lab, which must
 * end well, whatever its figures are.
 *
 * @param words the command, from the root of the repository
 */
record Smoke(String name, Load load, Duration limit, List<String> words) {
  /** The part of the CPU that a smoke takes, which decides beside what it runs. */
  enum Load {
    /** A core and more: no other such smoke runs at the same time. */
    HEAVY,
    /** Half a core and more. */
    LIGHT,
    /** Less than half a core: it runs beside the tests. */
    WAITING;

    static final String EXPECTED = "heavy, light or waiting";

    private static final Map<String, Load> BY_NAME =
        Map.of("heavy", HEAVY, "light", LIGHT, "waiting", WAITING);

    /** The load of this name in a list or on a command line. */
    static Optional<Load> named(String name) {
      return Optional.ofNullable(BY_NAME.get(name));
    }
  }

  private static final Pattern COLUMNS = Pattern.compile("\\s*\\|\\s*");
  private static final Pattern SPACES = Pattern.compile("\\s+");
  private static final Pattern SECONDS = Pattern.compile("[1-9][0-9]{0,3}");
  private static final int COLUMN_COUNT = 4;

  /** The smokes of a list, in its order, which is that in which they begin. */
  static List<Smoke> read(Path list) throws IOException {
    List<Smoke> smokes = new ArrayList<>();
    Set<String> names = new HashSet<>();
    List<String> lines = Files.readAllLines(list);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      Smoke smoke = parse(line, list + ":" + (i + 1));
      if (!names.add(smoke.name())) {
        throw new IllegalArgumentException(
            "%s:%d: %s (expected: each smoke once)".formatted(list, i + 1, smoke.name()));
      }
      smokes.add(smoke);
    }
    if (smokes.isEmpty()) {
      throw new IllegalArgumentException(list + ": no smoke (expected: at least one)");
    }
    return smokes;
  }

  private static Smoke parse(String line, String place) {
    String[] columns = COLUMNS.split(line, -1);
    Optional<Load> load =
        columns.length == COLUMN_COUNT ? Load.named(columns[1]) : Optional.empty();
    if (load.isEmpty()
        || columns[0].isEmpty()
        || !SECONDS.matcher(columns[2]).matches()
        || columns[3].isEmpty()) {
      throw new IllegalArgumentException(
          "%s: %s (expected: name | %s | seconds | command)".formatted(place, line, Load.EXPECTED));
    }
    return new Smoke(
        columns[0],
        load.get(),
        Duration.ofSeconds(Long.parseLong(columns[2])),
        List.of(SPACES.split(columns[3], -1)));
  }
}
