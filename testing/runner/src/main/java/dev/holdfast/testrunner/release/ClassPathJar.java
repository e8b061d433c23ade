package dev.holdfast.testrunner.release;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A jar of a class path, as the name of its file says it.
 *
 * @param name the artifact, with {@code :} and its classifier if it is made for one platform
 */
record ClassPathJar(String name, String version) {
  private static final Pattern FILE =
      Pattern.compile("(.+?)-(\\d.*?)(?:-((?:linux|osx|windows)-\\w+))?\\.jar");

  /** The jars of a class path; an entry that is no jar of a Maven repository is refused. */
  static List<ClassPathJar> of(String classPath) {
    List<ClassPathJar> jars = new ArrayList<>();
    for (String entry : Arrays.asList(classPath.trim().split(":", -1))) {
      if (!entry.isEmpty()) {
        jars.add(ofFile(Objects.requireNonNull(Path.of(entry).getFileName()).toString()));
      }
    }
    return jars;
  }

  private static ClassPathJar ofFile(String file) {
    Matcher matcher = FILE.matcher(file);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "class path: " + file + " (expected: ARTIFACT-VERSION.jar)");
    }
    String classifier = matcher.group(3);
    return new ClassPathJar(
        matcher.group(1) + (classifier == null ? "" : ":" + classifier), matcher.group(2));
  }
}
