package dev.holdfast.testrunner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A row of the list of rooms: a Maven module with tests.
 *
 * @param waits whether its tests mostly wait for time to pass, so that they run beside those that
 *     compute
 * @param inputs the files of the repository that its tests read besides class files, as globs
 */
record TestedRoom(
    String name, String folder, boolean onSecondJdk, boolean waits, List<String> inputs) {
  private static final String YES = "yes";
  private static final Pattern COLUMNS = Pattern.compile("\\s*\\|\\s*");
  private static final Pattern SPACES = Pattern.compile("\\s+");
  private static final Pattern ABSTRACT =
      Pattern.compile("^(?:public )?abstract class ", Pattern.MULTILINE);

  /** The rooms of a list, in its order, which is that in which their tests begin. */
  static List<TestedRoom> read(Path list) throws IOException {
    List<TestedRoom> rooms = new ArrayList<>();
    Set<String> names = new HashSet<>();
    List<String> lines = Files.readAllLines(list);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      TestedRoom room = parse(line, list + ":" + (i + 1));
      if (!names.add(room.name())) {
        throw new IllegalArgumentException(
            "%s:%d: %s (expected: each room once)".formatted(list, i + 1, room.name()));
      }
      rooms.add(room);
    }
    if (rooms.isEmpty()) {
      throw new IllegalArgumentException(list + ": no room (expected: at least one)");
    }
    return rooms;
  }

  private static TestedRoom parse(String line, String place) {
    String[] columns = COLUMNS.split(line, -1);
    if (columns.length != 5
        || !columns[2].matches("yes|no")
        || !columns[3].matches("yes|no")
        || columns[4].isEmpty()) {
      throw new IllegalArgumentException(
          place + ": " + line + " (expected: name | folder | yes or no | yes or no | globs or -)");
    }
    List<String> inputs =
        columns[4].equals("-") ? List.of() : List.of(SPACES.split(columns[4], -1));
    return new TestedRoom(
        columns[0], columns[1], columns[2].equals(YES), columns[3].equals(YES), inputs);
  }

  /**
   * The names of the test classes that the room's sources declare; abstract ones never run.
   *
   * @param withoutTag the tag of JUnit whose tests are left out
   */
  Set<String> declaredTests(Path root, Optional<String> withoutTag) throws IOException {
    Optional<String> leftOut = withoutTag.map(tag -> "\n@Tag(\"" + tag + "\")\n");
    Path sources = root.resolve(folder).resolve("src/test/java");
    Set<String> names = new HashSet<>();
    if (!Files.isDirectory(sources)) {
      return names;
    }
    List<Path> files;
    try (var walk = Files.walk(sources)) {
      files = walk.filter(file -> file.toString().endsWith("Test.java")).toList();
    }
    for (Path file : files) {
      String source = Files.readString(file);
      if (!ABSTRACT.matcher(source).find() && leftOut.filter(source::contains).isEmpty()) {
        String path = sources.relativize(file).toString();
        names.add(path.substring(0, path.length() - ".java".length()).replace('/', '.'));
      }
    }
    return names;
  }
}
