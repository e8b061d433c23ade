package dev.holdfast.testrunner;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The test class path of a module, as surefire orders it: test classes, classes, dependencies.
 *
 * <p>Maven's dependency plugin writes the dependencies to {@code test-classpath} in the module's
 * build folder. Modules of this repository are jars there; they are replaced by the folders of the
 * classes that the jars were made of, which is what surefire uses.
 */
final class TestClassPath {
  private static final Pattern SEPARATOR = Pattern.compile(Pattern.quote(File.pathSeparator));

  private TestClassPath() {}

  /**
   * The entries of a module's test class path.
   *
   * @param build the module's build folder
   */
  static List<Path> of(Path root, Path build) throws IOException {
    List<Path> entries = new ArrayList<>();
    entries.add(build.resolve("test-classes"));
    entries.add(build.resolve("classes"));
    entries.removeIf(Files::notExists);
    Path list = build.resolve("test-classpath");
    if (Files.notExists(list)) {
      throw new IllegalStateException(list + ": missing (expected: written by the compile step)");
    }
    for (String word : SEPARATOR.split(Files.readString(list).strip(), -1)) {
      if (!word.isEmpty()) {
        entries.add(existing(classes(root, Path.of(word)), list));
      }
    }
    return entries;
  }

  private static Path classes(Path root, Path entry) {
    String name = "" + entry.getFileName();
    Path build = entry.getParent();
    if (build == null || !entry.startsWith(root) || !name.endsWith(".jar")) {
      return entry;
    }
    return build.resolve(name.endsWith("-tests.jar") ? "test-classes" : "classes");
  }

  private static Path existing(Path entry, Path list) {
    if (Files.notExists(entry)) {
      throw new IllegalStateException(list + ": " + entry + " (expected: a file or folder)");
    }
    return entry;
  }
}
