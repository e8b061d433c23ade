package dev.holdfast.testrunner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A row of the list of smokes: a short run of a demo, a benchmark or a part of the lab, which must
 * end well, whatever its figures are.
 *
 * @param heavy whether it takes a core and more, so that no other such one runs at the same time
 * @param words the command, from the root of the repository
 */
record Smoke(String name, boolean heavy, Duration limit, List<String> words) {
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
    if (columns.length != COLUMN_COUNT
        || columns[0].isEmpty()
        || !columns[1].matches("heavy|light")
        || !SECONDS.matcher(columns[2]).matches()
        || columns[3].isEmpty()) {
      throw new IllegalArgumentException(
          place + ": " + line + " (expected: name | heavy or light | seconds | command)");
    }
    return new Smoke(
        columns[0],
        columns[1].equals("heavy"),
        Duration.ofSeconds(Long.parseLong(columns[2])),
        List.of(SPACES.split(columns[3], -1)));
  }
}
