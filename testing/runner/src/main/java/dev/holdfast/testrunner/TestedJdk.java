package dev.holdfast.testrunner;

import java.nio.file.Path;
import java.util.Map;

/**
 * A JDK on which rooms are tested, with the system properties that their JVMs get on it.
 *
 * @param version the version, behind which the name of a {@link RoomVariant} may follow
 */
record TestedJdk(String version, Path home, Map<String, String> systemProperties) {
  Path java() {
    return home.resolve("bin/java");
  }

  /** The file that says which build of which vendor the JDK is. */
  Path release() {
    return home.resolve("release");
  }
}
