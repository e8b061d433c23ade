package dev.holdfast.testrunner;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The command line.
 *
 * @param target the path of each module's build folder within the module
 * @param secondJdk the JDK on which the rooms of libraries are tested too
 * @param variants further runs of rooms, each in the place of the run on the second JDK; without
 *     one on the first
 * @param atOnce the number of rooms tested at the same time whose tests compute; two of them when
 *     no room that waits is left
 * @param waitingAtOnce the number of rooms tested beside them whose tests mostly wait
 * @param rooms the rooms to test; empty for all
 * @param done the rooms that were tested on the first JDK before, and are not again
 * @param all whether rooms are tested that did not change since a green run
 */
record RunnerOptions(
    Path root,
    Path logs,
    String target,
    TestedJdk jdk,
    Optional<TestedJdk> secondJdk,
    List<RoomVariant> variants,
    int atOnce,
    int waitingAtOnce,
    Set<String> rooms,
    Set<String> done,
    boolean all) {
  static final String USAGE =
      """
      Usage: testrunner --root FOLDER --logs FOLDER --jdk VERSION=HOME [options]
        --root FOLDER              the repository, compiled
        --logs FOLDER              for a log per room and the list of green runs
        --jdk VERSION=HOME         the JDK on which every room is tested
        --property K=V             a system property of all tests; may be repeated
        --second-jdk VERSION=HOME  a JDK on which the rooms of libraries are tested too
        --second-property K=V      a system property of tests on the second JDK
        --variant ROOM:K=V         tests this room once more, with a system property, on the second
                                   JDK if there is one; may be repeated
        --target PATH              the build folder within each module (default: target)
        --at-once N                rooms tested at the same time, 1 to 64 (default: 2);
                                   two when none is left that waits
        --waiting-at-once N        rooms tested beside them that mostly wait, 1 to 64 (default: 2)
        --room NAME                tests this room only; may be repeated
        --done NAME                this room was tested on the first JDK before; may be repeated
        --all                      also tests rooms that did not change since a green run here
      Exit code: 0 every room is green, 1 one is not, 2 wrong arguments.
      """;

  private static final int MOST_AT_ONCE = 64;
  private static final int DEFAULT_AT_ONCE = 2;

  /** Reads the command line; a wrong one is an {@link IllegalArgumentException}. */
  static RunnerOptions parse(List<String> args) {
    Map<String, String> values = new HashMap<>();
    Map<String, String> properties = new HashMap<>();
    Map<String, String> secondProperties = new HashMap<>();
    Set<String> rooms = new LinkedHashSet<>();
    Set<String> done = new LinkedHashSet<>();
    List<RoomVariant> variants = new ArrayList<>();
    boolean all = false;
    List<String> left = new ArrayList<>(args);
    while (!left.isEmpty()) {
      String name = left.remove(0);
      switch (name) {
        case "--all" -> all = true;
        case "--room" -> rooms.add(value(name, left));
        case "--done" -> done.add(value(name, left));
        case "--variant" -> variants.add(RoomVariant.parse(name, value(name, left)));
        case "--property" -> {
          String[] property = pair(name, value(name, left));
          properties.put(property[0], property[1]);
        }
        case "--second-property" -> {
          String[] property = pair(name, value(name, left));
          secondProperties.put(property[0], property[1]);
        }
        case "--root",
            "--logs",
            "--jdk",
            "--second-jdk",
            "--target",
            "--at-once",
            "--waiting-at-once" -> {
          if (values.put(name, value(name, left)) != null) {
            throw new IllegalArgumentException(name + ": given twice (expected: once)");
          }
        }
        default -> throw new IllegalArgumentException(name + ": unknown (expected: an option)");
      }
    }
    Map<String, String> onSecond = new HashMap<>(properties);
    onSecond.putAll(secondProperties);
    String second = values.get("--second-jdk");
    return new RunnerOptions(
        folder("--root", values.get("--root")),
        Path.of(required("--logs", values.get("--logs"))).toAbsolutePath().normalize(),
        values.getOrDefault("--target", "target"),
        jdk("--jdk", required("--jdk", values.get("--jdk")), properties),
        second == null ? Optional.empty() : Optional.of(jdk("--second-jdk", second, onSecond)),
        variants,
        atOnce("--at-once", values),
        atOnce("--waiting-at-once", values),
        rooms,
        done,
        all);
  }

  private static String value(String name, List<String> left) {
    if (left.isEmpty()) {
      throw new IllegalArgumentException(name + ": no value (expected: one)");
    }
    return left.remove(0);
  }

  private static String required(String name, @Nullable String value) {
    if (value == null) {
      throw new IllegalArgumentException(name + ": missing (expected: given)");
    }
    return value;
  }

  private static Path folder(String name, @Nullable String value) {
    Path folder = Path.of(required(name, value)).toAbsolutePath().normalize();
    if (!Files.exists(folder.resolve("pom.xml"))) {
      throw new IllegalArgumentException(name + ": " + folder + " (expected: with a pom.xml)");
    }
    return folder;
  }

  private static TestedJdk jdk(String name, String value, Map<String, String> properties) {
    String[] parts = pair(name, value);
    TestedJdk jdk = new TestedJdk(parts[0], Path.of(parts[1]), Map.copyOf(properties));
    if (!Files.isExecutable(jdk.java()) || !Files.isReadable(jdk.release())) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: VERSION=HOME of a JDK, with bin/java and release)");
    }
    return jdk;
  }

  private static String[] pair(String name, String value) {
    int sign = value.indexOf('=');
    if (sign < 1) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: with a = inside)");
    }
    return new String[] {value.substring(0, sign), value.substring(sign + 1)};
  }

  private static int atOnce(String name, Map<String, String> values) {
    String value = values.get(name);
    if (value == null) {
      return DEFAULT_AT_ONCE;
    }
    if (!value.matches("[0-9]{1,3}")
        || Integer.parseInt(value) < 1
        || Integer.parseInt(value) > MOST_AT_ONCE) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: 1 to " + MOST_AT_ONCE + ")");
    }
    return Integer.parseInt(value);
  }
}
